/** The door of a module: frames of arguments go in, frames of answers come out (`docs/abi.md`). */

import { Answer } from './frame.js';
import { safeName, safeValue } from './headers.js';

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
export type RequestFields = [string, string, string, readonly string[], number, string | Uint8Array, string];

/** The four fields of a response, after those of its request: status, header lines, kind of body, body. */
export type ResponseFields = [number, readonly string[], number, Uint8Array];

/** The fields of a frame. A list is one field: of several numbers, or of header lines (see `headers.ts`). */
type Field = string | number | Uint8Array | readonly number[] | readonly string[];

/** The verbs of these numbers. Each takes the fields of its frame and gives its answer, or throws what it refused. */
export function open<Verbs>(door: Door, numbers: { readonly [Verb in keyof Verbs]: number }): Verbs {
  const verbs = Object.entries<number>(numbers).map(([name, number]) => [
    name,
    (...fields: Field[]) => door.call(number, fields),
  ]);
  return Object.fromEntries(verbs) as Verbs;
}

const encoder = new TextEncoder();
/** Up to this length a loop over ASCII is faster than the encoder. */
const SHORT = 64;
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
    for (const field of fields) {
      if (typeof field === 'string') at = this.#writeText(field, at);
      else if (typeof field === 'number') at = this.#writeNumber(field, this.#writeLength(8, at));
      else if (field instanceof Uint8Array) at = this.#writeBytes(field, at);
      else if (isLines(field)) at = this.#writeLines(field, at);
      else at = field.reduce((at, number) => this.#writeNumber(number, at), this.#writeLength(8 * field.length, at));
    }
    return at;
  }

  #writeText(text: string, start: number): number {
    const at = start + 4;
    const end = this.#encode(text, at);
    this.#writeLength(end - at, start);
    return end;
  }

  /** Header lines, as one block. What would break out of its line is spoilt, so that the module refuses it. */
  #writeLines(lines: readonly string[], start: number): number {
    let at = start + 4;
    for (let place = 0; place < lines.length; place += 2) {
      at = this.#writePlain(lines[place]!, at, NAME) || this.#encode(safeName(lines[place]!), at);
      at = this.#writeTwo(COLON, SPACE, at);
      at = this.#writePlain(lines[place + 1]!, at, VALUE) || this.#encode(safeValue(lines[place + 1]!), at);
      at = this.#writeTwo(RETURN, FEED, at);
    }
    this.#writeLength(at - start - 4, start);
    return at;
  }

  #encode(text: string, at: number): number {
    const end = text.length > SHORT ? 0 : this.#writePlain(text, at, TEXT);
    return end || at + encoder.encodeInto(text, this.#bytes.subarray(at)).written;
  }

  /** Writes a text if it has no other characters than these. Where it ends, or 0. */
  #writePlain(text: string, at: number, characters: Uint8Array): number {
    const bytes = this.#bytes;
    for (let place = 0; place < text.length; place++) {
      const unit = text.charCodeAt(place);
      if (characters[unit] !== 1) return 0;
      bytes[at + place] = unit;
    }
    return at + text.length;
  }

  #writeTwo(first: number, second: number, at: number): number {
    this.#bytes[at] = first;
    this.#bytes[at + 1] = second;
    return at + 2;
  }

  #writeLength(length: number, at: number): number {
    this.#view.setUint32(at, length, true);
    return at + 4;
  }

  #writeBytes(bytes: Uint8Array, start: number): number {
    const at = this.#writeLength(bytes.length, start);
    this.#bytes.set(bytes, at);
    return at + bytes.length;
  }

  #writeNumber(number: number, at: number): number {
    // What isn't a whole number in range names no handle, and lies in 1970.
    const whole = number >= 0 && number <= Number.MAX_SAFE_INTEGER ? Math.floor(number) : 0;
    this.#view.setUint32(at, whole >>> 0, true);
    this.#view.setUint32(at + 4, Math.floor(whole / 2 ** 32), true);
    return at + 8;
  }
}

/** Which of 128 characters a text, a header field's name and its value may have to be written by a loop. */
const TEXT = characters(/[^]/);
const NAME = characters(/[!-9;-~]/);
const VALUE = characters(/[ -~]/);

/** What stands between a name and its value, and what ends a line. */
const [COLON, SPACE, RETURN, FEED] = [0x3a, 0x20, 0x0d, 0x0a];

function characters(which: RegExp): Uint8Array {
  return Uint8Array.from({ length: 128 }, (_, unit) => Number(which.test(String.fromCharCode(unit))));
}

/** The most bytes that a field can take. */
function room(field: Field): number {
  if (typeof field === 'number') return 12;
  if (typeof field === 'string') return 4 + 3 * field.length;
  if (field instanceof Uint8Array) return 4 + field.length;
  if (!isLines(field)) return 4 + 8 * field.length;
  let most = 4;
  for (const text of field) most += 4 + 3 * text.length;
  return most;
}

function isLines(field: readonly number[] | readonly string[]): field is readonly string[] {
  return typeof field[0] === 'string';
}
