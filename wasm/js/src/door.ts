/** The door of a module: frames of arguments go in, frames of answers come out (`docs/abi.md`). */

import { Answer } from './frame.js';

/** What `wasm-bindgen` makes beside a module. */
export interface Glue {
  /** Starts the module. */
  initSync(module: { module: WebAssembly.Module }): { readonly memory: WebAssembly.Memory };
  /** Where to write frames of up to `length` bytes. */
  room(length: number): number;
  /** Runs a verb on the frame there; the address of its reply. */
  call(verb: number, length: number): number;
  /** Wipes the last reply. */
  forget(): void;
}

/** The seven fields of a request: scheme, method, target, header lines, kind of body, body, peer. */
export type RequestFields = [string, string, string, string, number, Uint8Array, string];

/** The four fields of a response, after those of its request: status, header lines, kind of body, body. */
export type ResponseFields = [number, string, number, Uint8Array];

/** The fields of a frame. A list is one field of several numbers. */
type Field = string | number | Uint8Array | readonly number[];

/** The verbs of these numbers. Each takes the fields of its frame and gives its answer, or throws what it refused. */
export function open<Verbs>(door: Door, numbers: { readonly [Verb in keyof Verbs]: number }): Verbs {
  const verbs = Object.entries<number>(numbers).map(([name, number]) => [
    name,
    (...fields: Field[]) => door.call(number, fields),
  ]);
  return Object.fromEntries(verbs) as Verbs;
}

const encoder = new TextEncoder();
/** A number and its length, or the length of anything, until they are written. */
const NUMBER = '\0'.repeat(12);
const LENGTH = '\0'.repeat(4);
/** Memory for frames is of this many bytes at least. */
const LEAST = 1 << 14;
/** Longer memory for frames is given back by the module when a shorter one is to be written. */
const MOST = 1 << 18;

/** Runs verbs: writes frames into the module's own memory, so that no copy of a secret is left here. */
export class Door {
  readonly #glue: Glue;
  readonly #memory: WebAssembly.Memory;
  #bytes = new Uint8Array();
  #view = new DataView(this.#bytes.buffer);
  /** Where frames go, and how many bytes have room there. */
  #start = 0;
  #room = 0;

  constructor(glue: Glue, memory: WebAssembly.Memory) {
    this.#glue = glue;
    this.#memory = memory;
  }

  /** Runs a verb. Its answer is to be read before the next call. */
  call(verb: number, fields: readonly Field[]): Answer {
    let most = 0;
    for (const field of fields) most += room(field);
    if (most > this.#room || this.#room > MOST) {
      this.#room = Math.max(most, LEAST);
      this.#start = this.#glue.room(this.#room);
    }
    this.#look();
    const reply = this.#glue.call(verb, this.#write(fields) - this.#start);
    this.#look();
    return Answer.at(this.#bytes, reply);
  }

  /** Sees the memory as it is: when it grows, what was seen of it is of length 0. */
  #look(): void {
    if (this.#bytes.length > 0) return;
    this.#bytes = new Uint8Array(this.#memory.buffer);
    this.#view = new DataView(this.#memory.buffer);
  }

  /** Writes a frame. Where it ends. */
  #write(fields: readonly Field[]): number {
    let at = this.#start;
    let from = 0;
    // All texts between two bodies of bytes are encoded at once: to reach the encoder costs more than they do.
    for (let to = 0; to < fields.length; to++) {
      const field = fields[to]!;
      if (typeof field !== 'object') continue;
      at = this.#writeTexts(fields, from, to, at);
      at = isList(field) ? this.#writeNumbers(field, at) : this.#writeBytes(field, at);
      from = to + 1;
    }
    return this.#writeTexts(fields, from, fields.length, at);
  }

  #writeTexts(fields: readonly Field[], from: number, to: number, start: number): number {
    let text = '';
    for (let place = from; place < to; place++) {
      const field = fields[place] as string | number;
      text += typeof field === 'string' ? LENGTH + field : NUMBER;
    }
    const { written } = encoder.encodeInto(text, this.#bytes.subarray(start));
    if (written !== text.length && to - from > 1) {
      // Not all are ASCII.
      let at = start;
      for (let place = from; place < to; place++) at = this.#writeTexts(fields, place, place + 1, at);
      return at;
    }
    let at = start;
    for (let place = from; place < to; place++) {
      const field = fields[place] as string | number;
      if (typeof field === 'number') {
        at = this.#writeNumbers([field], at);
      } else {
        const length = to - from > 1 ? field.length : written - LENGTH.length;
        this.#view.setUint32(at, length, true);
        at += 4 + length;
      }
    }
    return at;
  }

  #writeBytes(bytes: Uint8Array, at: number): number {
    this.#view.setUint32(at, bytes.length, true);
    this.#bytes.set(bytes, at + 4);
    return at + 4 + bytes.length;
  }

  #writeNumbers(numbers: readonly number[], start: number): number {
    this.#view.setUint32(start, 8 * numbers.length, true);
    let at = start + 4;
    for (const number of numbers) {
      // What isn't a whole number in range names no handle, and lies in 1970.
      const whole = number >= 0 && number <= Number.MAX_SAFE_INTEGER ? Math.floor(number) : 0;
      this.#view.setUint32(at, whole >>> 0, true);
      this.#view.setUint32(at + 4, Math.floor(whole / 2 ** 32), true);
      at += 8;
    }
    return at;
  }
}

/** The most bytes that a field can take. */
function room(field: Field): number {
  if (typeof field === 'number') return 12;
  if (typeof field === 'string') return 4 + 3 * field.length;
  return 4 + (isList(field) ? 8 * field.length : field.length);
}

function isList(field: readonly number[] | Uint8Array): field is readonly number[] {
  return Array.isArray(field);
}
