/** Verifying: from a request to a decision. */

import { Authentic, seconds, Verified } from './authentic.js';
import { type Bytes, lend, toJson } from './bytes.js';
import { Bundle } from './bundle.js';
import { Decision } from './decision.js';
import type { Answer } from './frame.js';
import { Handle, handleOf, takeFrom } from './handle.js';
import type { Environment } from './key.js';
import { door, full } from './module.js';
import type { MemoryReplay, ReplayStore } from './replay.js';
import { type AnyRequest, type Connection, parts } from './request.js';

/** A value in Cedar's JSON format: `{"__entity": ...}` and `{"__extn": ...}` included. */
export type CedarValue = boolean | number | string | readonly CedarValue[] | { readonly [name: string]: CedarValue };

/** A record of Cedar values, as the context of a request. */
export type Context = { readonly [name: string]: CedarValue };

/** A key as a verifier knows it: by its token, or by keyid, environment, and secret or public key. */
export type KeyEntry = (
  | { readonly token: string }
  | {
      readonly keyid: string;
      readonly environment: Environment;
      /** 16 bytes or more, in base64. */
      readonly secret: string;
    }
  | {
      readonly keyid: string;
      readonly environment: Environment;
      /** All but the first in the complete module only. */
      readonly algorithm: 'ed25519' | 'ecdsa-p256-sha256' | 'rsa-pss-sha512' | 'rsa-v1_5-sha256';
      /** Raw (of Ed25519 32 bytes), or a `SubjectPublicKeyInfo` in DER, in base64. */
      readonly public_key: string;
    }
) & {
  /** Ids of the bundle's group type. */
  readonly groups?: readonly string[];
  /** What policies see on the principal. */
  readonly attributes?: Context;
  /** From when it is active, in seconds since 1970. */
  readonly not_before?: number;
  /** Until when (exclusive), in seconds since 1970. */
  readonly not_after?: number;
  /** Every signature by it is refused. */
  readonly revoked?: boolean;
};

/** The keys that a verifier knows. */
export interface Keyring {
  readonly keys: readonly KeyEntry[];
}

/** Whose keyring snapshots an edge takes: of one environment and region, sealed for it. */
export interface Trust {
  readonly environment: Environment;
  readonly region: string;
  /** What the publisher calls this reader. */
  readonly reader: string;
  /** The reader's own key: 32 bytes in base64. */
  readonly reader_key: string;
  readonly publishers: readonly {
    readonly name: string;
    /** Ed25519, in base64. */
    readonly public_key: string;
  }[];
  /** The version that was taken last, over a restart. */
  readonly at_least?: number;
}

/** What came of a snapshot. */
export interface Loaded {
  readonly version: number;
  /** How many keys there are now. */
  readonly keys: number;
}

/** What a verifier demands of a signature. What is left out has the strict default. */
export interface Profile {
  /** Keys of another environment are refused. */
  readonly environment: Environment;
  /** The components that must be covered: `@method @authority @path @query` unless given. */
  readonly required?: readonly string[];
  /** Only the signature with this label counts. */
  readonly label?: string;
  /** Only a signature with this tag counts. */
  readonly tag?: string;
  /** Seconds that a signature is accepted after `created`: 300 unless given. */
  readonly max_age?: number;
  /** Seconds that the sender's clock may be off: 30 unless given. */
  readonly clock_skew?: number;
  /** Seconds that the keyring of an edge serves on after the end of its snapshot: 0 unless given. */
  readonly keyring_grace?: number;
  /** Whether a nonce is required: yes, unless given. */
  readonly nonce_required?: boolean;
  /** Whether `expires` is required: no, unless given. */
  readonly expires_required?: boolean;
  /**
   * Whether a stranger whose signature is wrong is shown the base that was expected (never the MAC), as
   * `expected_base` of the problem: no, unless given. Refused for `live`.
   */
  readonly reveal_base?: boolean;
  /** The largest body, in bytes: 1 MiB unless given. */
  readonly max_body?: number;
  /** The authorities served; any, unless given. */
  readonly authorities?: readonly string[];
  /** Which peers may say, by which fields, where a request was really sent: none, unless given. */
  readonly forwarded?: {
    readonly peers: readonly string[];
    readonly scheme_field?: string;
    readonly authority_field?: string;
    readonly target_field?: string;
  };
}

/** What a verifier is made of. */
export interface VerifierOptions {
  /** The keys, as an object or as JSON. Of JSON in bytes, no copy outlives the call but the caller's. */
  readonly keyring?: Keyring | string | Bytes;
  /**
   * In place of `keyring`, in the complete module: the keys of an edge, which {@link Verifier.load} fills. As JSON in bytes, no copy of
   * the reader's key outlives the call but the caller's.
   */
  readonly edge?: Trust | string | Bytes;
  /** What it demands. */
  readonly profile: Profile;
  /** What decides; without it requests are verified only. */
  readonly policy?: Bundle | Bytes;
}

/** How to look at one request. */
export interface VerifyOptions extends Connection {
  /** Seconds since 1970; now, unless given. */
  readonly now?: number | undefined;
}

/** How to verify one request, whose replay token is spent. */
export interface AuthenticateOptions extends VerifyOptions {
  /** Where replay tokens are spent: one store for all verifiers of a key. */
  readonly replay: ReplayStore | MemoryReplay;
}

/** How to check one request. */
export interface CheckOptions extends AuthenticateOptions {
  /** What the policies see as `context`. */
  readonly context?: Context | undefined;
}

/**
 * Verifies requests by its keys and its profile, and asks its policy.
 *
 * {@link check} does all in one call. The steps are there for what it doesn't fit: {@link verify} gives an
 * `Authentic`, its `spend` a `Verified`, {@link authorize} a `Decision`. Each uses up the one before: a
 * step that is left out or done twice is refused as `handle_unknown`.
 */
export class Verifier {
  #keyring: Part;
  readonly #profile: Part;
  readonly #maxBody: number;
  #policy: Bundle | undefined;

  /**
   * @throws Refusal `keyring_malformed`, `trust_malformed`, `profile_malformed`, those of a token, and those of
   * a bundle; TypeError unless there is one of `keyring` and `edge`
   */
  constructor(options: VerifierOptions) {
    this.#profile = new Part(door().profile_open(toJson(options.profile)));
    this.#keyring = openKeys(options);
    this.#maxBody = options.profile.max_body ?? DEFAULT_MAX_BODY;
    this.#policy = openPolicy(options.policy);
  }

  /** Puts other keys in place of these, at once: for a rotation or a revocation. */
  replaceKeyring(keyring: Keyring | string | Bytes): void {
    const before = this.#keyring;
    this.#keyring = openKeyring(keyring);
    before.close();
  }

  /**
   * Takes a snapshot of the keyring, or what changed since the one that it has. After a refusal it has what it
   * had.
   *
   * @param now Seconds since 1970; now, unless given
   * @throws Refusal `snapshot_untrusted`, `snapshot_of_another`, `snapshot_older`, `snapshot_stale`,
   * `snapshot_base_missing`, `snapshot_unreadable`, `snapshot_malformed`; `trust_malformed` unless it is an edge's
   */
  load(snapshot: Bytes, now: number = seconds()): Loaded {
    const bytes = snapshot instanceof ArrayBuffer ? new Uint8Array(snapshot) : snapshot;
    const answer = door().snapshot_load(handleOf(this.#keyring, Part), now, bytes);
    return { version: answer.number(), keys: answer.number() };
  }

  /** Puts another policy in place of this one, at once. */
  replacePolicy(policy: Bundle | Bytes): void {
    this.#policy = openPolicy(policy);
  }

  /**
   * Verifies a request up to its replay token. The request can still be used.
   *
   * A body of 16 KiB or more is hashed by the platform, one over the profile's `max_body` is not read on.
   *
   * @throws Refusal for everything that is wrong with the signature
   */
  async verify(request: AnyRequest, options: VerifyOptions = {}): Promise<Authentic> {
    const now = options.now ?? seconds();
    const { scheme, method, target, headers, bodyKind, body, peer } = await parts(request, options, this.#maxBody);
    const [keyring, profile] = [handleOf(this.#keyring, Part), handleOf(this.#profile, Part)];
    return new Authentic(
      door().verify(keyring, profile, now, scheme, method, target, headers, bodyKind, body, peer),
    );
  }

  /**
   * Verifies a request and spends its token: a request that gets through is authentic and new.
   *
   * @throws Refusal those of {@link verify} and of spending
   */
  async authenticate(request: AnyRequest, options: AuthenticateOptions): Promise<Verified> {
    const authentic = await this.verify(request, options);
    return authentic.spend(options.replay, options.now);
  }

  /**
   * Asks the policy, which uses the verified request up. Deny is an answer, not an exception.
   *
   * @throws Refusal `context_malformed`; `handle_unknown` if the request was asked about before
   * @throws TypeError without a policy
   */
  authorize(verified: Verified, context?: Context): Decision {
    if (this.#policy === undefined) throw new TypeError('this verifier has no policy');
    const json = context === undefined ? '' : toJson(context);
    // A wrong context doesn't use it up; the object keeps it then.
    const answer = door().authorize(handleOf(verified, Verified), handleOf(this.#policy, Bundle), json);
    takeFrom(verified, Verified);
    return new Decision(answer);
  }

  /**
   * Verifies a request, spends its token, and asks the policy.
   *
   * What is wrong with the *request* is thrown; what the *policy* says is returned. Let a request through
   * on `decision.allowed` and on nothing else: a decision that denies is an object like any other.
   *
   * @throws Refusal those of {@link authenticate} and {@link authorize}
   */
  async check(request: AnyRequest, options: CheckOptions): Promise<Decision> {
    if (this.#policy === undefined) throw new TypeError('this verifier has no policy');
    const verified = await this.authenticate(request, options);
    try {
      return this.authorize(verified, options.context);
    } finally {
      verified.close();
    }
  }

  /** Frees what the module keeps for this verifier; a `Bundle` that was passed in stays open. */
  close(): void {
    this.#keyring.close();
    this.#profile.close();
  }

  /** The same as {@link close}, for `using`. */
  [Symbol.dispose](): void {
    this.close();
  }
}

/** Bytes of a body, unless a profile says otherwise. */
export const DEFAULT_MAX_BODY = 1 << 20;

/** A part of a verifier that has a handle and nothing to show. */
export class Part extends Handle {
  constructor(answer: Answer) {
    super(full, answer.number());
  }
}

/** Opens the keys of a verifier. */
export function openKeyring(keyring: Keyring | string | Bytes): Part {
  const json = typeof keyring === 'string' || isBytes(keyring) ? keyring : JSON.stringify(keyring);
  return lend(json, (bytes) => new Part(door().keyring_open(bytes)));
}

function openKeys({ keyring, edge }: VerifierOptions): Part {
  if (keyring !== undefined && edge === undefined) return openKeyring(keyring);
  if (keyring !== undefined || edge === undefined) throw new TypeError('a verifier has a keyring, or an edge');
  const json = typeof edge === 'string' || isBytes(edge) ? edge : JSON.stringify(edge);
  return lend(json, (bytes) => new Part(door().edge_open(bytes)));
}

function openPolicy(policy: Bundle | Bytes | undefined): Bundle | undefined {
  return policy !== undefined && isBytes(policy) ? new Bundle(policy) : policy;
}

function isBytes(value: object): value is Bytes {
  return value instanceof Uint8Array || value instanceof ArrayBuffer;
}
