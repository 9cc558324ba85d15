/** Frames: how the module's answers cross into JavaScript (`docs/abi.md`). */

import { Refusal } from './refusal.js';

/** The bytes of one answer. */
export type Frame = Uint8Array;

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
/** Up to this length a loop over ASCII is faster than the decoder. */
const SHORT = 48;

/** The fields of one answer, read in order. */
export class Answer {
  readonly #bytes: Uint8Array;
  #at = 0;

  private constructor(frame: Frame) {
    this.#bytes = frame;
  }

  /**
   * Opens an answer.
   *
   * @throws {@link Refusal} if the module refused
   */
  static of(frame: Frame): Answer {
    const answer = new Answer(frame);
    if (answer.text() === 'ok') return answer;
    // The number of the code, whose texts come last.
    answer.number();
    const [problem, detail, field] = [answer.text(), answer.text(), answer.text()];
    const at = answer.optionalNumber();
    const [code, sentence] = [answer.text(), answer.text()];
    throw new Refusal(code, sentence + detail, JSON.parse(problem), at === undefined ? undefined : { field, at });
  }

  /** The next field: bytes of the frame itself. */
  bytes(): Uint8Array {
    const from = this.#next();
    return this.#bytes.subarray(from, this.#at);
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
    return numberOf(this.bytes());
  }

  /** The next field, a number or nothing. */
  optionalNumber(): number | undefined {
    const bytes = this.bytes();
    return bytes.length === 0 ? undefined : numberOf(bytes);
  }

  /** The next field, a list of texts without line breaks. */
  lines(): string[] {
    const lines = this.text();
    if (lines === '') return [];
    return lines.includes('\n') ? lines.split('\n') : [lines];
  }
}

function numberOf(bytes: Uint8Array): number {
  return wordAt(bytes, 0) + wordAt(bytes, 4) * 2 ** 32;
}

/** The four bytes there, least first. A frame that the module made is whole. */
function wordAt(bytes: Uint8Array, at: number): number {
  return (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0;
}
