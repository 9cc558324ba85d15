/** Responses: signed by a server, bound to their request, verified by its client. */

import { seconds } from './authentic.js';
import { type Bytes, toBytes, toJson } from './bytes.js';
import type { ResponseFields } from './door.js';
import { added, requestFields, signing } from './fields.js';
import { handleOf } from './handle.js';
import { type HeaderLines, lines } from './headers.js';
import { SigningKey } from './key.js';
import { door } from './module.js';
import { type AnyRequest, parts, readStream } from './request.js';
import type { Signed, SignOptions } from './sign.js';
import { DEFAULT_MAX_BODY, type Keyring, openKeyring, Part, type Profile } from './verifier.js';

/** A response as a server without `Response` has it. */
export interface PlainResponse {
  readonly status: number;
  readonly headers: HeaderLines;
  /** The whole body. */
  readonly body?: string | Bytes | undefined;
}

/**
 * Signs a response to a request (RFC 9421 section 2.4). Unless `components` says otherwise, it covers `@status`,
 * of the request `@method @authority @path @query`, and `content-digest` if there is a body. Where the request
 * was signed with a nonce, cover `"signature";req;key="sig1"`, too: then it is an answer to no other.
 *
 * A `Response` gives a new one that carries the signature, and can still be used itself. A plain object gives
 * the fields to add to it.
 *
 * @param request that it answers, as it came, or as {@link sign} returned it
 * @param options without a nonce unless one is given
 * @throws Refusal as `sign` does
 */
export async function signResponse(response: Response, request: AnyRequest, key: SigningKey, options?: SignOptions): Promise<Response>;
export async function signResponse(response: PlainResponse, request: AnyRequest, key: SigningKey, options?: SignOptions): Promise<Signed>;
export async function signResponse(
  response: Response | PlainResponse,
  request: AnyRequest,
  key: SigningKey,
  options: SignOptions = {},
): Promise<Response | Signed> {
  const answered = requestFields(await parts(request));
  const body = await bodyOf(response);
  const own = responseFields(response, body);
  const headers = added(door().sign_response(handleOf(key, SigningKey), ...answered, ...own, ...signing(options)));
  if (!isStandard(response)) return { headers };
  const all = new Headers(response.headers);
  for (const [name, value] of Object.entries(headers)) all.append(name, value);
  const { status, statusText } = response;
  // Some statuses may not have a body, and then there is none.
  return new Response(body.length > 0 ? (body as BodyInit) : null, { status, statusText, headers: all });
}

/** What a verifier of responses is made of. */
export interface ResponseVerifierOptions {
  /** The keys of the servers, as an object or as JSON. */
  readonly keyring: Keyring | string | Bytes;
  /**
   * What it demands. Unless given, `required` is `@status` and, of the request, `@method @authority @path @query`;
   * and no nonce.
   */
  readonly profile: Profile;
}

/** A response that its signature vouches for. */
export interface AuthenticResponse {
  /** The key that signed. */
  readonly keyid: string;
  /** What proves to anybody who answered so: as `Authentic.evidence`. */
  readonly evidence: string | undefined;
}

const REQUIRED = ['@status', ...['@method', '@authority', '@path', '@query'].map((name) => `"${name}";req`)];

/** Verifies responses by its keys and its profile. */
export class ResponseVerifier {
  readonly #keyring: Part;
  readonly #profile: Part;
  readonly #maxBody: number;

  /** @throws Refusal `keyring_malformed`, `profile_malformed` */
  constructor({ keyring, profile }: ResponseVerifierOptions) {
    const demands = { required: REQUIRED, nonce_required: false, ...profile };
    this.#profile = new Part(door().profile_open(toJson(demands)));
    this.#keyring = openKeyring(keyring);
    this.#maxBody = profile.max_body ?? DEFAULT_MAX_BODY;
  }

  /**
   * Verifies what was answered to a request. The response can still be used.
   *
   * @param request as it was sent: of {@link sign}, what that returned
   * @throws Refusal for everything that is wrong with the signature
   */
  async verify(
    response: Response | PlainResponse,
    request: AnyRequest,
    options: { readonly now?: number | undefined } = {},
  ): Promise<AuthenticResponse> {
    const answered = requestFields(await parts(request));
    const own = responseFields(response, await bodyOf(response, this.#maxBody));
    const [keyring, profile] = [handleOf(this.#keyring, Part), handleOf(this.#profile, Part)];
    const now = options.now ?? seconds();
    const answer = door().verify_response(keyring, profile, now, ...answered, ...own);
    return { keyid: answer.text(), evidence: answer.text() || undefined };
  }

  /** Frees what the module keeps for this verifier. */
  close(): void {
    this.#keyring.close();
    this.#profile.close();
  }

  /** The same as {@link close}, for `using`. */
  [Symbol.dispose](): void {
    this.close();
  }
}

function responseFields({ status, headers }: Response | PlainResponse, body: Uint8Array): ResponseFields {
  return [status, lines(headers), 0, body];
}

function isStandard(response: Response | PlainResponse): response is Response {
  return typeof (response as Response).clone === 'function' && typeof (response as Response).arrayBuffer === 'function';
}

async function bodyOf(response: Response | PlainResponse, limit = Infinity): Promise<Uint8Array> {
  if (isStandard(response)) return readStream(response, limit);
  return response.body === undefined ? new Uint8Array() : toBytes(response.body);
}
