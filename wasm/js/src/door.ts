/** The door of a module: frames of arguments go in, frames of answers come out (`docs/abi.md`). */

import type { Frame } from './frame.js';

/** What `wasm-bindgen` makes beside a module. */
export interface Glue {
  /** Starts the module. */
  initSync(module: { module: WebAssembly.Module }): unknown;
  /** Runs a verb. */
  call(verb: number, frame: Uint8Array): Uint8Array;
  /** Wipes the last reply. */
  forget(): void;
}

/** The seven fields of a request: scheme, method, target, header lines, kind of body, body, peer. */
export type RequestFields = [string, string, string, Uint8Array, number, Uint8Array, string];

/** The four fields of a response, after those of its request: status, header lines, kind of body, body. */
export type ResponseFields = [number, Uint8Array, number, Uint8Array];

/** Verbs below this number carry secrets. */
const FIRST_WITHOUT_SECRETS = 16;

type Field = string | number | Uint8Array;

/** The verbs of these numbers. Each takes the fields of its frame and gives its reply (see `frame.ts`). */
export function open<Verbs>(glue: Glue, numbers: { readonly [Verb in keyof Verbs]: number }): Verbs {
  const verbs = Object.entries<number>(numbers).map(([name, number]) => [
    name,
    (...fields: Field[]) => call(glue, number, fields),
  ]);
  return Object.fromEntries(verbs) as Verbs;
}

/** Longer frames get memory of their own. */
const SHARED = 16384;
const encoder = new TextEncoder();
const shared = new Uint8Array(SHARED);
const sharedView = new DataView(shared.buffer);

/** Runs a verb. No copy of a secret stays behind. */
function call(glue: Glue, verb: number, fields: readonly Field[]): Frame {
  let most = 0;
  for (const field of fields) most += 4 + room(field);
  const bytes = most <= SHARED ? shared : new Uint8Array(most);
  const length = write(bytes, fields);
  try {
    return glue.call(verb, bytes.subarray(0, length));
  } finally {
    if (verb < FIRST_WITHOUT_SECRETS) bytes.fill(0, 0, length);
  }
}

/** The most bytes that a field can take. */
function room(field: Field): number {
  if (typeof field === 'number') return 8;
  return typeof field === 'string' ? 3 * field.length : field.length;
}

function write(bytes: Uint8Array, fields: readonly Field[]): number {
  const view = bytes === shared ? sharedView : new DataView(bytes.buffer);
  let at = 0;
  for (const field of fields) {
    const from = at + 4;
    let length: number;
    if (typeof field === 'number') {
      // What isn't a whole number in range names no handle, and lies in 1970.
      const whole = field >= 0 && field <= Number.MAX_SAFE_INTEGER ? Math.floor(field) : 0;
      view.setUint32(from, whole >>> 0, true);
      view.setUint32(from + 4, Math.floor(whole / 2 ** 32), true);
      length = 8;
    } else if (typeof field === 'string') {
      length = encoder.encodeInto(field, bytes.subarray(from)).written;
    } else {
      bytes.set(field, from);
      length = field.length;
    }
    view.setUint32(at, length, true);
    at = from + length;
  }
  return at;
}
