/** Keys of a client: tokens, and what is opened of them. */

import { type Bytes, lend, random } from './bytes.js';
import { Answer } from './frame.js';
import { Handle, handleOf } from './handle.js';
import { door, full } from './module.js';

/** What a key is for. A key of one environment is refused in every other. */
export type Environment = 'dev' | 'test' | 'live';

/** What a token says of itself; not its secret. */
export interface TokenFacts {
  readonly environment: Environment;
  readonly keyid: string;
}

/**
 * A key that signs. The module keeps its keyed MAC state, and the secret nowhere.
 *
 * JavaScript can't wipe a string: where the secret must not outlive this call, pass bytes and fill
 * them with zeros after. The copies that this package and the module make are wiped.
 */
export class SigningKey extends Handle {
  /** Only for the compiler, which else takes classes of one shape for one type. */
  declare protected readonly kind: 'signing key';
  /** The id that `keyid` carries. */
  readonly keyid: string;

  private constructor(answer: Answer) {
    super(full, answer.number());
    this.keyid = answer.text();
  }

  /**
   * Opens the key of a token, `csk_<env>_<keyid>_<secret>_<checksum>`, as text or its UTF-8.
   *
   * @throws Refusal `token_malformed`, `token_checksum_mismatch`
   */
  static fromToken(token: string | Bytes): SigningKey {
    return lend(token, (bytes) => new SigningKey(Answer.of(door().key_from_token(bytes))));
  }

  /**
   * Opens a key of its id and its secret, 16 bytes or more.
   *
   * @throws Refusal `keyid_malformed`, `secret_too_short`
   */
  static open(keyid: string, secret: Bytes): SigningKey {
    return lend(secret, (bytes) => new SigningKey(Answer.of(door().key_open(keyid, bytes))));
  }

  /**
   * What is derived of this key for one region and one day: by it a request is accepted at that region's
   * edge, which has no other secret of the key. It signs with the keyid `<keyid>/<region>/<yyyymmdd>`.
   *
   * @param at A time of the day, in UTC: seconds since 1970; now, unless given
   * @throws Refusal `scope_malformed`
   */
  derive(environment: Environment, region: string, at: number = Math.floor(Date.now() / 1000)): SigningKey {
    return new SigningKey(Answer.of(door().key_derive(handleOf(this, SigningKey), environment, region, at)));
  }
}

/**
 * Makes a token of 32 bytes from the platform's CSPRNG. Show it to its owner once.
 *
 * @param keyid 1 to 32 lower-case letters and digits
 * @throws Refusal `token_malformed`
 */
export function generateToken(environment: Environment, keyid: string): string {
  const entropy = random(32);
  const frame = door().token_generate(environment, keyid, entropy);
  try {
    return Answer.of(frame).text();
  } finally {
    entropy.fill(0);
    frame.fill(0);
    full.forget();
  }
}

/**
 * Checks a token's form and checksum, without opening it.
 *
 * @throws Refusal `token_malformed`, `token_checksum_mismatch`
 */
export function tokenCheck(token: string | Bytes): TokenFacts {
  const answer = lend(token, (bytes) => Answer.of(door().token_check(bytes)));
  return { environment: answer.text() as Environment, keyid: answer.text() };
}

/**
 * HMAC-SHA-256 (RFC 2104) under a raw key of any length: 32 bytes. For vectors, and for schemes that
 * frame a message in their own way.
 */
export function hmacSha256(key: string | Bytes, message: Uint8Array): Uint8Array {
  return lend(key, (bytes) => Answer.of(door().mac(bytes, message)).bytes().slice());
}
