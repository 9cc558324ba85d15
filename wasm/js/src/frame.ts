/** Frames: how the module's answers cross into JavaScript (`docs/abi.md`). */

import { Refusal } from './refusal.js';

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
/** Up to this length a loop over ASCII is faster than the decoder. */
const SHORT = 12;
/** `ok` as a field: its length and its bytes. */
const [OK_LENGTH, O, K] = [2, 0x6f, 0x6b];

/** The fields of one answer, read in order, where the module wrote them: before it is called again. */
export class Answer {
  readonly #bytes: Uint8Array;
  #at: number;

  private constructor(bytes: Uint8Array, at: number) {
    this.#bytes = bytes;
    this.#at = at;
  }

  /**
   * Opens the answer at an address.
   *
   * @throws {@link Refusal} if the module refused
   */
  static at(bytes: Uint8Array, at: number): Answer {
    if (wordAt(bytes, at) === OK_LENGTH && bytes[at + 4] === O && bytes[at + 5] === K) return new Answer(bytes, at + 6);
    const answer = new Answer(bytes, at);
    answer.#next();
    // The number of the code, whose texts come last.
    answer.#next();
    const [problem, detail, field] = [answer.text(), answer.text(), answer.text()];
    const place = answer.optionalNumber();
    const [code, sentence] = [answer.text(), answer.text()];
    throw new Refusal(code, sentence + detail, JSON.parse(problem), place === undefined ? undefined : { field, at: place });
  }

  /** The next field: a copy of its bytes. */
  bytes(): Uint8Array {
    const from = this.#next();
    return this.#bytes.slice(from, this.#at);
  }

  /** The next field in lower-case hexadecimal. */
  hex(): string {
    let hex = '';
    for (let at = this.#next(); at < this.#at; at++) hex += PAIRS[this.#bytes[at] as number];
    return hex;
  }

  /** The next field, a text. */
  text(): string {
    const from = this.#next();
    if (this.#at - from <= SHORT) {
      let short = '';
      for (let at = from; at < this.#at; at++) {
        const unit = this.#bytes[at] as number;
        if (unit > 0x7f) return decoder.decode(this.#bytes.subarray(from, this.#at));
        short += String.fromCharCode(unit);
      }
      return short;
    }
    return decoder.decode(this.#bytes.subarray(from, this.#at));
  }

  /** Goes past the next field; where its content begins. */
  #next(): number {
    const at = this.#at;
    this.#at = at + 4 + wordAt(this.#bytes, at);
    return at + 4;
  }

  /** The next field, a number below 2^53. */
  number(): number {
    const at = this.#next();
    return wordAt(this.#bytes, at) + wordAt(this.#bytes, at + 4) * 2 ** 32;
  }

  /** The next field, a number or nothing. */
  optionalNumber(): number | undefined {
    if (wordAt(this.#bytes, this.#at) > 0) return this.number();
    this.#next();
    return undefined;
  }

  /** The next field, a list of texts without line breaks. */
  lines(): string[] {
    const lines = this.text();
    if (lines === '') return [];
    return lines.includes('\n') ? lines.split('\n') : [lines];
  }
}

/** The two digits of each byte. */
const PAIRS = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/** The four bytes there, least first. A frame that the module made is whole. */
function wordAt(bytes: Uint8Array, at: number): number {
  return (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0;
}
