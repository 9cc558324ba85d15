/** Keys of a client: tokens, and what is opened of them. */

import { type Bytes, lend, random } from './bytes.js';
import type { Answer } from './frame.js';
import { Handle, handleOf } from './handle.js';
import { door, full } from './module.js';

/** What a key is for. A key of one environment is refused in every other. */
export type Environment = 'dev' | 'test' | 'live';

/** What a token says of itself; not its secret. */
export interface TokenFacts {
  readonly environment: Environment;
  readonly keyid: string;
}

/** The algorithm of a key that signs; the last one in the complete module only. */
export type SigningAlgorithm = 'hmac-sha256' | 'ed25519' | 'ecdsa-p256-sha256';

let openPair: (keyid: string, algorithm: string, key: Uint8Array) => SigningKey;

/**
 * A key that signs. Of a shared secret the module keeps the keyed MAC state, and the secret nowhere.
 *
 * JavaScript can't wipe a string: where the secret must not outlive this call, pass bytes and fill
 * them with zeros after. The copies that this package and the module make are wiped.
 */
export class SigningKey extends Handle {
  /** Only for the compiler, which else takes classes of one shape for one type. */
  declare protected readonly kind: 'signing key';
  /** The id that `keyid` carries. */
  readonly keyid: string;
  /** The algorithm that `alg` may carry. */
  readonly algorithm: SigningAlgorithm;
  /** The public half, which is all that a verifier needs, raw: of Ed25519 32 bytes. None of a shared secret. */
  readonly publicKey: Uint8Array | undefined;

  private constructor(answer: Answer, isPair = false) {
    super(full, answer.number());
    this.keyid = answer.text();
    this.algorithm = isPair ? (answer.text() as SigningAlgorithm) : 'hmac-sha256';
    this.publicKey = isPair ? answer.bytes().slice() : undefined;
  }

  /**
   * Opens the key of a token, `csk_<env>_<keyid>_<secret>_<checksum>`, as text or its UTF-8.
   *
   * @throws Refusal `token_malformed`, `token_checksum_mismatch`
   */
  static fromToken(token: string | Bytes): SigningKey {
    return lend(token, (bytes) => new SigningKey(door().key_from_token(bytes)));
  }

  /**
   * Opens a key of its id and its secret, 16 bytes or more.
   *
   * @throws Refusal `keyid_malformed`, `secret_too_short`
   */
  static open(keyid: string, secret: Bytes): SigningKey {
    return lend(secret, (bytes) => new SigningKey(door().key_open(keyid, bytes)));
  }

  /**
   * Opens an Ed25519 key of its id and its private key: 32 random bytes (RFC 8032).
   *
   * @throws Refusal `keyid_malformed`, `private_key_malformed`
   */
  static ed25519(keyid: string, privateKey: Bytes): SigningKey {
    return lend(privateKey, (bytes) => openPair(keyid, 'ed25519', bytes));
  }

  /**
   * Opens the Ed25519 key of an unencrypted PKCS#8 structure (RFC 8410): its DER, or its PEM, as OpenSSL and
   * `crypto.subtle.exportKey('pkcs8', ..)` write it. In the complete module a key of P-256, too.
   *
   * @throws Refusal `keyid_malformed`, `private_key_malformed`
   */
  static fromPkcs8(keyid: string, pkcs8: string | Bytes): SigningKey {
    if (typeof pkcs8 !== 'string') return lend(pkcs8, (bytes) => openPair(keyid, '', bytes));
    const der = fromPem(pkcs8);
    try {
      return openPair(keyid, '', der);
    } finally {
      der.fill(0);
    }
  }

  /**
   * What is derived of this key for one region and one day: by it a request is accepted at that region's
   * edge, which has no other secret of the key. It signs with the keyid `<keyid>/<region>/<yyyymmdd>`.
   *
   * @param at A time of the day, in UTC: seconds since 1970; now, unless given
   * @throws Refusal `scope_malformed`
   */
  derive(environment: Environment, region: string, at: number = Math.floor(Date.now() / 1000)): SigningKey {
    return new SigningKey(door().key_derive(handleOf(this, SigningKey), environment, region, at));
  }

  static {
    openPair = (keyid, algorithm, bytes) =>
      new SigningKey(door().private_key_open(keyid, algorithm, bytes), true);
  }
}

/** The DER in a PEM text; nothing of a text that is none, which the module refuses. */
function fromPem(text: string): Uint8Array {
  const base64 = /^-----BEGIN PRIVATE KEY-----([A-Za-z0-9+/=\s]*)-----END PRIVATE KEY-----\s*$/.exec(text)?.[1] ?? '';
  try {
    return Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  } catch {
    return new Uint8Array();
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
  try {
    return door().token_generate(environment, keyid, entropy).text();
  } finally {
    entropy.fill(0);
    full.forget();
  }
}

/**
 * Checks a token's form and checksum, without opening it.
 *
 * @throws Refusal `token_malformed`, `token_checksum_mismatch`
 */
export function tokenCheck(token: string | Bytes): TokenFacts {
  const answer = lend(token, (bytes) => door().token_check(bytes));
  return { environment: answer.text() as Environment, keyid: answer.text() };
}

/**
 * HMAC-SHA-256 (RFC 2104) under a raw key of any length: 32 bytes. For vectors, and for schemes that
 * frame a message in their own way.
 */
export function hmacSha256(key: string | Bytes, message: Uint8Array): Uint8Array {
  return lend(key, (bytes) => door().mac(bytes, message).bytes());
}
