/** Vendors' ways of signing: exchanges, AWS, webhooks. */

import { random } from '../bytes.js';
import { requestFields } from '../fields.js';
import type { Answer } from '../frame.js';
import { Handle, handleOf } from '../handle.js';
import type { ReplayToken } from '../replay.js';
import { type AnyRequest, type Connection, isStandard, type Parts, type PlainRequest, whole, wholePlain } from '../request.js';
import { type Coverage, type Description, describe } from './coverage.js';
import { Credentials } from './credentials.js';
import { door, vendors } from './module.js';
import { changed, changedPlain, changesOf, Fields, type Signed } from './signed.js';
import type { Verbs } from './verbs.js';

/** When, and with what nonce, a request is signed. */
export interface Moment {
  /** Milliseconds since 1970, as `Date.now()` gives; now, unless given. */
  readonly now?: number;
  /** The nonce or message id; made as the scheme wants it, unless given. */
  readonly nonce?: string;
}

/** How a request is verified. */
export interface SchemeVerifyOptions extends Pick<Connection, 'scheme'> {
  /** Milliseconds since 1970; now, unless given. */
  readonly now?: number;
  /** How many milliseconds old a signature may be, and how far ahead, in place of what the scheme says. */
  readonly tolerance?: number;
}

/** A request whose signature and times were right. It may still be a replay. */
export interface SchemeAuthentic {
  /** Those of the credentials that signed. */
  readonly credentials: Credentials;
  /** Their id; empty where they have none. */
  readonly keyid: string;
  /** When it was signed (or ends, where the scheme signs that), in milliseconds since 1970, if it says. */
  readonly timestamp: number | undefined;
  /** The nonce or message id, if one was signed. One that must increase is yours to compare with the last. */
  readonly nonce: string | undefined;
  /** Whether the body that came is under the signature. Don't act on one that isn't. */
  readonly coversBody: boolean;
  /**
   * What to spend in a `ReplayStore`, once. The signature of a scheme without a timestamp never ends: its
   * `keepUntil` is 999999999999999, and how long you keep it is yours to say.
   */
  readonly replayToken: ReplayToken;
}

/** A vendor's way of signing. */
export class Scheme extends Handle {
  /** Its name, such as `okx`. */
  readonly name: string;
  readonly #description: Description;
  /** Whether a nonce may be made of random bytes. */
  readonly #draws: boolean;

  private constructor(text: string, isBuiltIn: boolean) {
    const answer = door().scheme_open(text);
    super(vendors, answer.number());
    this.name = answer.text();
    this.#description = describe(door().scheme_describe(handleOf(this, Scheme)));
    // A row of one's own may send a nonce that it doesn't sign.
    this.#draws = !isBuiltIn || this.coverage.nonce;
  }

  /**
   * A scheme that is built in.
   *
   * @throws Refusal `scheme_unknown`
   */
  static named(name: string): Scheme {
    // What the module would take for a row names nothing.
    return new Scheme(name.replace(/[\n=]/g, '\u0000'), true);
  }

  /**
   * A scheme of your own, from the text of a row as those of `core/schemes` are written.
   *
   * @throws Refusal `scheme_malformed`, with the line and what is wrong there
   */
  static fromToml(text: string): Scheme {
    // The module takes one line without an equals sign for a name.
    return new Scheme(`${text}\n`, false);
  }

  /** Its name for people. */
  get title(): string {
    return this.#description.title;
  }

  /** The address of the page where its vendor describes it. */
  get documentation(): string {
    return this.#description.documentation;
  }

  /** What it signs with, such as `hmac-sha256`. */
  get algorithm(): string {
    return this.#description.algorithm;
  }

  /** What its signatures cover and what they don't. */
  get coverage(): Coverage {
    return this.#description.coverage;
  }

  /**
   * Signs a request.
   *
   * A `Request` gives a new one to send, and can still be used itself. A plain object gives one to send: with the
   * header fields set, and with the `url` (or `target`) and the `body` that carry the signature where the scheme
   * wants it there. Header lines of one name are joined before.
   *
   * @throws Refusal `secret_malformed`, `credentials_incomplete`, `scheme_verify_only`, `body_malformed`,
   * `body_bytes_needed` for a digest in the body's place, `component_missing`, `options_malformed` for a nonce,
   * `handle_unknown` for what was closed
   */
  async sign(request: Request, credentials: Credentials, moment?: Moment): Promise<Request>;
  async sign<R extends PlainRequest>(request: R, credentials: Credentials, moment?: Moment): Promise<Signed<R>>;
  async sign<R extends PlainRequest>(
    request: Request | R,
    credentials: Credentials,
    moment: Moment = {},
  ): Promise<Request | Signed<R>> {
    if (isStandard(request)) {
      const parts = await whole(request);
      return changed(request, parts.body, changesOf(this.#run(door().scheme_sign, parts, credentials, moment)));
    }
    const fields = new Fields(request.headers);
    const parts = wholePlain(request, undefined, Infinity, fields.lines());
    return changedPlain(request, fields, changesOf(this.#run(door().scheme_sign, parts, credentials, moment)));
  }

  /**
   * The bytes that {@link sign} signs, at the same moment and with the same nonce: for when a vendor disagrees.
   * They may hold the passphrase.
   *
   * @throws Refusal as {@link sign}
   */
  async base(request: AnyRequest, credentials: Credentials, moment: Moment = {}): Promise<Uint8Array> {
    const parts = isStandard(request)
      ? await whole(request)
      : wholePlain(request, undefined, Infinity, new Fields(request.headers).lines());
    return this.#run(door().scheme_base, parts, credentials, moment).bytes();
  }

  /**
   * The id that a request presents, to look the credentials up by. Nothing is verified yet.
   *
   * @throws Refusal `signature_missing`, `signature_malformed`, `signature_ambiguous`
   */
  async keyid(request: AnyRequest): Promise<string | undefined> {
    const parts = await whole(request);
    const answer = door().scheme_keyid(handleOf(this, Scheme), ...requestFields(parts));
    return answer.text() || undefined;
  }

  /**
   * Verifies a request, which can still be used, under the credentials of one sender: several while its secret is
   * rotated. The whole body is read, so let the server bound it.
   *
   * @throws Refusal for everything that is wrong with the signature; `handle_unknown` for what was closed
   */
  async verify(
    request: AnyRequest,
    credentials: Credentials | readonly Credentials[],
    options: SchemeVerifyOptions = {},
  ): Promise<SchemeAuthentic> {
    const all = (Array.isArray(credentials) ? credentials : [credentials]) as readonly Credentials[];
    const parts = isStandard(request) ? await whole(request, options) : wholePlain(request, options);
    const { now = Date.now(), tolerance = '' } = options;
    const { scheme, method, target, headers, bodyKind, body, peer } = parts;
    const [own, signers] = [handleOf(this, Scheme), all.map(handleOfCredentials)];
    const answer = door().scheme_verify(
      own, signers, scheme, method, target, headers, bodyKind, body, peer, now, tolerance,
    );
    const signer = all[answer.number()] as Credentials;
    return {
      credentials: signer,
      keyid: answer.text(),
      timestamp: answer.number() || undefined,
      nonce: answer.text() || undefined,
      coversBody: answer.number() === 1,
      replayToken: { id: answer.hex(), keepUntil: answer.number() },
    };
  }

  #run(verb: Verbs['scheme_sign'], parts: Parts, credentials: Credentials, moment: Moment): Answer {
    const { now = Date.now(), nonce = '' } = moment;
    const { scheme, method, target, headers, bodyKind, body, peer } = parts;
    // To draw from the platform takes as long as a signature.
    const entropy = this.#draws && nonce === '' ? random(16) : NO_ENTROPY;
    const [own, signer] = [handleOf(this, Scheme), handleOf(credentials, Credentials)];
    return verb(own, signer, scheme, method, target, headers, bodyKind, body, peer, now, nonce, entropy);
  }
}

/** In place of random bytes where none are used. */
const NO_ENTROPY = new Uint8Array();

const handleOfCredentials = (one: Credentials) => handleOf(one, Credentials);
