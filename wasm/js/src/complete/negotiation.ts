/** What one side asks of the other's signatures and digests (RFC 9421 section 5, RFC 9530 section 4). */

import { seconds } from '../authentic.js';
import { random, toHex } from '../bytes.js';
import type { DigestAlgorithm } from '../digest.js';
import { added, requestFields } from '../fields.js';
import { handleOf } from '../handle.js';
import { type HeaderLines, lines } from '../headers.js';
import { SigningKey } from '../key.js';
import { door } from '../module.js';
import { type AnyRequest, parts } from '../request.js';
import type { Signed } from '../sign.js';

/** A signature to ask for: one member of `Accept-Signature`. */
export interface AskedSignature {
  /** The label that it is to have: `sig1` unless given. */
  readonly label?: string;
  /** The components to cover, as in `SignOptions`. */
  readonly components: readonly string[];
  /** Whether it is to say when it was made. */
  readonly created?: boolean;
  /** Whether it is to have an end. */
  readonly expires?: boolean;
  /** The nonce that it is to carry. */
  readonly nonce?: string;
  /** The algorithm to sign by. */
  readonly algorithm?: string;
  /** The key to sign with. */
  readonly keyid?: string;
  /** The tag that it is to carry. */
  readonly tag?: string;
}

/**
 * The value of `Accept-Signature` that asks for this. In a response it asks it of the next request, in a request
 * of its response. Join several by a comma.
 *
 * @throws Refusal `options_malformed`, `algorithm_unknown`
 */
export function acceptSignature(asked: AskedSignature): string {
  const answer = door().accept_signature(
    asked.label ?? 'sig1',
    asked.components.join('\n'),
    asked.created ? 1 : 0,
    asked.expires ? 1 : 0,
    asked.nonce ?? '',
    asked.algorithm ?? '',
    asked.keyid ?? '',
    asked.tag ?? '',
  );
  return answer.text();
}

/**
 * The signatures that a message asks for, each as {@link acceptSignature} writes it.
 *
 * @throws Refusal `accept_signature_malformed`, `label_duplicate`, `too_many_signatures`, `too_many_components`
 */
export function signatureRequests(headers: HeaderLines): string[] {
  return door().signature_requests(lines(headers)).lines();
}

/** How to honour what is asked for. */
export interface HonourOptions {
  /** The label that is asked for; needed where several are. */
  readonly label?: string;
  /** Seconds since 1970; now, unless given. */
  readonly created?: number;
  /** Seconds to the end, where one is asked for: 60 unless given. */
  readonly lifetime?: number;
  /** The nonce where none is asked for: 128 random bits, unless given. `null` leaves it out. */
  readonly nonce?: string | null;
}

/**
 * Signs a request as the headers of an earlier response ask for.
 *
 * @param asking the headers that have `Accept-Signature`
 * @returns the fields to add
 * @throws Refusal `signature_request_impossible` for another key or algorithm, or a parameter that nobody knows;
 * `signature_missing`, `signature_ambiguous` for the label; and those of `sign`
 */
export async function signAsAsked(
  request: AnyRequest,
  asking: HeaderLines,
  key: SigningKey,
  options: HonourOptions = {},
): Promise<Signed['headers']> {
  const own = requestFields({ ...(await parts(request)), peer: '' });
  const nonce = options.nonce === undefined ? toHex(random(16)) : (options.nonce ?? '');
  const none = new Uint8Array();
  return added(
    door().sign_as_asked(
      handleOf(key, SigningKey),
      ...own,
      0,
      [],
      0,
      none,
      lines(asking),
      options.label ?? '',
      options.created ?? seconds(),
      options.lifetime ?? 60,
      nonce,
    ),
  );
}

/**
 * The best digest that a message wants of those made here; none if it wants none of them.
 *
 * @throws Refusal `want_digest_malformed`
 */
export function wantedDigest(
  headers: HeaderLines,
  field: 'want-content-digest' | 'want-repr-digest' = 'want-content-digest',
): DigestAlgorithm | undefined {
  return (door().wanted_digest(field, lines(headers)).text() || undefined) as DigestAlgorithm | undefined;
}
