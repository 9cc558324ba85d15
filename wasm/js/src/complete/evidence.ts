/** Evidence, as a third party checks it. */

import { door } from '../module.js';

/** What evidence shows. That the public key is its owner's must be known from elsewhere. */
export interface Evidence {
  /** The id of the key that signed. */
  readonly keyid: string;
  /** Its algorithm. */
  readonly algorithm: string;
  /** Its public half, raw. */
  readonly publicKey: Uint8Array;
  /** What was signed: a line for each component. */
  readonly base: string;
}

/**
 * Checks the JSON that `evidence()` of a request gave: that the signature is the key's, and of a base.
 *
 * @throws Refusal `signature_mismatch`, `evidence_malformed`, `public_key_malformed`, `key_too_weak`
 */
export function verifyEvidence(json: string): Evidence {
  const answer = door().evidence_verify(json);
  return {
    keyid: answer.text(),
    algorithm: answer.text(),
    publicKey: answer.bytes(),
    base: answer.text(),
  };
}
