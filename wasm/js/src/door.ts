/** The module's verbs: numbers, and frames of their arguments (`docs/abi.md`). */

import * as glue from '../generated/countersign.js';

/** The number of each verb; those below 16 carry secrets. */
const NUMBERS = {
  token_generate: 1,
  token_check: 2,
  key_from_token: 3,
  key_open: 4,
  keyring_open: 5,
  mac: 6,
  profile_open: 16,
  bundle_open: 17,
  publishers_pin: 18,
  entities_open: 19,
  replay_open: 20,
  close: 21,
  sign: 32,
  verify: 33,
  spend: 34,
  spent: 35,
  authorize: 36,
  decide: 37,
  inspect: 38,
  digest_open: 48,
  digest_update: 49,
  digest_finish: 50,
  digest_check: 51,
} as const;
const FIRST_WITHOUT_SECRETS = 16;

/** The seven fields of a request: scheme, method, target, header lines, kind of body, body, peer. */
type RequestFields = [string, string, string, Uint8Array, number, Uint8Array, string];
type Frame = Uint8Array;

/** The verbs. Each takes the fields of its frame and gives its reply (see `frame.ts`). */
export interface Verbs {
  token_generate(environment: string, keyid: string, entropy: Uint8Array): Frame;
  token_check(token: Uint8Array): Frame;
  key_from_token(token: Uint8Array): Frame;
  key_open(keyid: string, secret: Uint8Array): Frame;
  keyring_open(json: Uint8Array): Frame;
  mac(key: Uint8Array, message: Uint8Array): Frame;
  profile_open(json: string): Frame;
  bundle_open(bundle: Uint8Array): Frame;
  publishers_pin(json: string): Frame;
  entities_open(bundle: number, json: string): Frame;
  replay_open(capacity: number, seed: number): Frame;
  close(handle: number): Frame;
  sign(
    key: number,
    ...rest: [
      ...RequestFields,
      label: string,
      components: string,
      created: number,
      expires: number,
      nonce: string,
      tag: string,
      withAlgorithm: number,
    ]
  ): Frame;
  verify(ring: number, profile: number, now: number, ...request: RequestFields): Frame;
  spend(authentic: number, replay: number, now: number): Frame;
  spent(authentic: number, answer: number): Frame;
  authorize(verified: number, bundle: number, context: string): Frame;
  decide(entities: number, query: Uint8Array): Frame;
  inspect(...fields: [...RequestFields, status: number, label: string]): Frame;
  digest_open(algorithm: string): Frame;
  digest_update(digest: number, piece: Uint8Array): Frame;
  digest_finish(digest: number): Frame;
  digest_check(field: string, headers: Uint8Array, body: Uint8Array): Frame;
}

type Field = string | number | Uint8Array;

/** Longer frames get memory of their own. */
const SHARED = 16384;
const encoder = new TextEncoder();
const shared = new Uint8Array(SHARED);
const sharedView = new DataView(shared.buffer);

/** Runs a verb. No copy of a secret stays behind. */
function call(verb: number, fields: readonly Field[]): Frame {
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

/** The verbs of the module that `glue` has started. */
export const verbs = Object.fromEntries(
  Object.entries(NUMBERS).map(([name, number]) => [name, (...fields: Field[]) => call(number, fields)]),
) as unknown as Verbs;

/** Wipes the module's last reply. */
export const forget: () => void = glue.forget;

/** Starts the module. */
export function start(module: WebAssembly.Module): void {
  glue.initSync({ module });
}
