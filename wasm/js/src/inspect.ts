/** Looking at a signature without checking it. */

import { type HeaderLines, lines } from './headers.js';
import { door } from './module.js';
import { type AnyRequest, head } from './request.js';

/** A response, for its signature base. */
export interface AnyResponse {
  readonly status: number;
  readonly headers: HeaderLines;
}

/** What a signature covers. */
export interface Inspection {
  /** The label. */
  readonly label: string;
  /** The value of `@signature-params`. */
  readonly signatureParams: string;
  /** The covered component identifiers, in order. */
  readonly covered: readonly string[];
  /** The signature base: what is signed, byte for byte. */
  readonly base: string;
}

/**
 * Shows what a message's signature covers. It proves nothing: the signature is not checked.
 *
 * @param label which signature; needed where there are several
 * @throws Refusal `signature_missing`, `signature_ambiguous`, and the refusals of a component
 */
export function inspect(message: AnyRequest | AnyResponse, label = ''): Inspection {
  const response = 'status' in message ? message : undefined;
  const parts = 'status' in message
    ? { scheme: 'https', method: '', target: '', headers: lines(message.headers) }
    : head(message);
  const { scheme, method, target, headers } = parts;
  const answer = door().inspect(scheme, method, target, headers, 0, new Uint8Array(), '', response?.status ?? 0, label);
  return { label: answer.text(), signatureParams: answer.text(), covered: answer.lines(), base: answer.text() };
}
