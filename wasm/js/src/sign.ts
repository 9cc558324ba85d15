/** Signing: the fields that a client adds to its request. */

import { random, toHex } from './bytes.js';
import { handleOf } from './handle.js';
import { SigningKey } from './key.js';
import { door } from './module.js';
import { type AnyRequest, isStandard, type PlainRequest, parts, readBody } from './request.js';

/** What to sign, and with which parameters. */
export interface SignOptions {
  /** The label of the signature; `sig1` unless given. */
  readonly label?: string;
  /**
   * The covered components in order, each as a name (`@method`, `content-type`) or as a whole
   * identifier (`"@query-param";name="Pet"`). Unless given: `@method @authority @path @query`, and
   * `content-digest` if there is a body.
   */
  readonly components?: readonly string[];
  /** When it was made, in seconds since 1970; now, unless given. */
  readonly created?: number;
  /** After when it no longer counts, in seconds since 1970. */
  readonly expires?: number;
  /** A value that the key uses once; 128 random bits, unless given. `null` leaves it out. */
  readonly nonce?: string | null;
  /** What application the signature is for. */
  readonly tag?: string;
  /** Whether to state the algorithm. A verifier takes it from the key, so it need not. */
  readonly withAlgorithm?: boolean;
}

/** The fields to add to a request that is a plain object. */
export interface Signed {
  readonly headers: {
    readonly 'signature-input': string;
    readonly signature: string;
    /** Where the request had none and the signature covers it. */
    readonly 'content-digest'?: string;
  };
}

/**
 * Signs a request (RFC 9421 section 3.1).
 *
 * A `Request` gives a new one that carries the signature, and can still be used itself. A plain object
 * gives the fields to add to it.
 *
 * @throws Refusal `options_malformed`, `handle_unknown` for a closed key, `component_missing` and the
 * other refusals of a component
 */
export async function sign(request: Request, key: SigningKey, options?: SignOptions): Promise<Request>;
export async function sign(request: PlainRequest, key: SigningKey, options?: SignOptions): Promise<Signed>;
export async function sign(request: AnyRequest, key: SigningKey, options: SignOptions = {}): Promise<Request | Signed> {
  if (isStandard(request)) {
    const { method, url, headers } = request;
    const body = await readBody(request);
    const signed = await fields({ method, url, headers, body }, key, options);
    const all = new Headers(headers);
    // There may be other signatures, whose labels differ.
    for (const [name, value] of Object.entries(signed)) all.append(name, value);
    return new Request(request, body.length > 0 ? { headers: all, body: body as BodyInit } : { headers: all });
  }
  return { headers: await fields(request, key, options) };
}

async function fields(request: PlainRequest, key: SigningKey, options: SignOptions): Promise<Signed['headers']> {
  const { scheme, method, target, headers, bodyKind, body } = await parts(request);
  const answer = door().sign(
      handleOf(key, SigningKey),
      scheme,
      method,
      target,
      headers,
      bodyKind,
      body,
      '',
      options.label ?? '',
      options.components?.join('\n') ?? '',
      options.created ?? Math.floor(Date.now() / 1000),
      options.expires ?? 0,
      options.nonce === undefined ? toHex(random(16)) : (options.nonce ?? ''),
      options.tag ?? '',
      options.withAlgorithm ? 1 : 0,
    );
  const [input, signature, digest] = [answer.text(), answer.text(), answer.text()];
  return { 'signature-input': input, signature, ...(digest && { 'content-digest': digest }) };
}
