/** `Content-Digest`: the body, bound to the signature (RFC 9530). */

import { type Bytes, toBytes } from './bytes.js';
import { Handle, handleOf, takeFrom } from './handle.js';
import { type HeaderLines, lines } from './headers.js';
import { door, full } from './module.js';

/** The algorithms that bind a body; the insecure ones are not here. */
export type DigestAlgorithm = 'sha-256' | 'sha-512';

/** A finished digest. */
export interface Digest {
  /** 32 bytes of SHA-256, or 64 of SHA-512. */
  readonly bytes: Uint8Array;
  /** The value of a `Content-Digest` field with this one member. */
  readonly field: string;
}

/** A digest in the making, for a body that arrives in pieces. */
export class ContentDigest extends Handle {
  /** Starts a digest. */
  constructor(algorithm: DigestAlgorithm = 'sha-256') {
    super(full, door().digest_open(algorithm).number());
  }

  /** Adds the next piece of the body. */
  update(piece: string | Bytes): this {
    door().digest_update(handleOf(this, ContentDigest), toBytes(piece));
    return this;
  }

  /** The digest of all pieces, which uses this object up. */
  finish(): Digest {
    const answer = door().digest_finish(takeFrom(this, ContentDigest));
    return { bytes: answer.bytes(), field: answer.text() };
  }
}

/** The value of `Content-Digest` for a whole body. */
export function contentDigest(body: string | Bytes, algorithm: DigestAlgorithm = 'sha-256'): string {
  return new ContentDigest(algorithm).update(body).finish().field;
}

/**
 * Checks a digest field against the body: every digest in it that can be checked must match, and one
 * at least must be checkable.
 *
 * @returns whether there is such a field
 * @throws Refusal `digest_malformed`, `digest_algorithm_unsupported`, `digest_mismatch`
 */
export function checkContentDigest(
  headers: HeaderLines,
  body: string | Bytes,
  field: 'content-digest' | 'repr-digest' = 'content-digest',
): boolean {
  return door().digest_check(field, lines(headers), toBytes(body)).number() === 1;
}
