/** Frames: how the module's answers cross into JavaScript (`docs/abi.md`). */

import { Refusal } from './refusal.js';

const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The fields of one answer, read in order. */
export class Answer {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  private constructor(frame: Uint8Array) {
    this.#bytes = frame;
    this.#view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  }

  /**
   * Opens an answer.
   *
   * @throws {@link Refusal} if the module refused
   */
  static of(frame: Uint8Array): Answer {
    const answer = new Answer(frame);
    const code = answer.text();
    if (code === 'ok') return answer;
    const [message, problem, field] = [answer.text(), answer.text(), answer.text()];
    const at = answer.bytes();
    throw new Refusal(code, message, JSON.parse(problem), field ? { field, at: numberOf(at) } : undefined);
  }

  /** The next field: bytes of the frame itself. */
  bytes(): Uint8Array {
    const from = this.#at + 4;
    this.#at = from + this.#view.getUint32(this.#at, true);
    return this.#bytes.subarray(from, this.#at);
  }

  /** The next field, a text. */
  text(): string {
    return text.decode(this.bytes());
  }

  /** The next field, a number below 2^53. */
  number(): number {
    return numberOf(this.bytes());
  }

  /** The next field, a list of texts without line breaks. */
  lines(): string[] {
    const lines = this.text();
    return lines === '' ? [] : lines.split('\n');
  }
}

function numberOf(bytes: Uint8Array): number {
  return Number(new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true));
}
