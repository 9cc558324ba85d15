/** What the entry `countersign/sign` takes and gives. Types only: they weigh nothing. */

/** Who signs, and how. */
export interface SignerInit {
  /** The name of a vendor's scheme, such as `binance` or `aws-sigv4`; without it requests are signed by RFC 9421. */
  readonly scheme?: string;
  /** The id of the key; empty where the scheme has none, and for a token, which has it in it. */
  readonly keyid?: string;
  /**
   * The secret, as the vendor shows it; for RFC 9421 16 bytes or more, or a whole token `csk_...`. A string can't be wiped: where the secret must
   * not outlive the signer, pass bytes and fill them with zeros after.
   */
  readonly secret: string | Uint8Array;
  /** The passphrase that goes with the key, where there is one. */
  readonly passphrase?: string;
  /** What else the scheme's row names, such as `region` and `service` of AWS. */
  readonly options?: Readonly<Record<string, string>>;
}

/** A request to sign. */
export interface SignRequest {
  /** `GET` unless given. */
  readonly method?: string;
  /** The absolute URL as it is sent, or path and query: then `headers` have the `Host`, and the scheme is `https`. */
  readonly url: string;
  /** The header fields; values of one name are joined. */
  readonly headers?: Readonly<Record<string, string>> | Iterable<readonly [string, string]>;
  /** The body. */
  readonly body?: string | Uint8Array;
  /** In place of a body its SHA-256 or SHA-512, made by the platform. */
  readonly digest?: Uint8Array;
}

/** A signed request: `fetch(signed.url, signed)` sends it. */
export interface SignedRequest {
  /** As it was. */
  readonly method: string;
  /** With the signature, where the scheme has it there. */
  readonly url: string;
  /** All header fields. */
  readonly headers: Record<string, string>;
  /** With the signature, where the scheme has it there. */
  readonly body: string | Uint8Array | undefined;
}

/** When, and with what, a request is signed. All but the first two are for RFC 9421 alone. */
export interface SignMoment {
  /** Milliseconds since 1970; now, unless given. */
  readonly now?: number;
  /** The nonce or message id; unless given it is made of random bytes, where the scheme has one. Empty: none. */
  readonly nonce?: string;
  /** When the signature ends, in seconds since 1970. */
  readonly expires?: number;
  /** The signature's label; `sig1` unless given. */
  readonly label?: string;
  /**
   * The covered components; unless given `@method`, `@authority`, `@path`, `@query`, and `content-digest` if there is a
   * body. Of their parameters `name` and `bs` are known here.
   */
  readonly components?: readonly string[];
  /** What application the signature is for. */
  readonly tag?: string;
  /** Whether to state the algorithm. */
  readonly alg?: boolean;
}

/** Signs the requests of one sender. Each has an instance of the module to itself. */
export interface Signer {
  /** Signs a request. @throws Refusal */
  sign(request: SignRequest, moment?: SignMoment): SignedRequest;
  /**
   * The signature, in hexadecimal, of the next chunk of a body that is streamed under `aws-sigv4`; or of its trailers,
   * which are lines of `name:value` and a line feed.
   *
   * @param date the request's `X-Amz-Date`
   * @param previous the signature before: of the request, then of each chunk
   * @throws Refusal
   */
  chunk(date: string, previous: string, bytes: Uint8Array | string, isTrailer?: boolean): string;
  /** Forgets the key, and wipes the memory that it was in. Nothing can be signed then. */
  close(): void;
}

/** Why something was refused. */
export interface Refusal extends Error {
  readonly name: 'Refusal';
  /** The number of the code: its place in `codes` of `countersign/sign/codes`. */
  readonly code: number;
  /** What it is about: a field, an option, a component; empty where that isn't known. */
  readonly subject: string;
}
