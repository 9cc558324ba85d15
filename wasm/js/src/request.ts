/** A request on its way into the module: the platform's `Request`, or a plain object. */

import { type Bytes, toBytes } from './bytes.js';
import type { DigestAlgorithm } from './digest.js';
import { type HeaderLines, lines } from './headers.js';

/** A request as a server or a client without `Request` has it. */
export interface PlainRequest {
  /** The method, case-sensitive. */
  readonly method: string;
  /** The whole URL; or, as Node's `http` names it, the request target. */
  readonly url?: string;
  /** The request target as on the request line, instead of `url`: it is used as it is. */
  readonly target?: string;
  /** The scheme of the connection, where `url` doesn't say: `https` unless given. */
  readonly scheme?: 'http' | 'https';
  /** The header fields. `Host` is taken from `url` where it is missing. */
  readonly headers: HeaderLines;
  /** The whole body. */
  readonly body?: string | Bytes | undefined;
  /** The digest of a body that the platform hashed, instead of `body`. */
  readonly bodyDigest?: { readonly algorithm: DigestAlgorithm; readonly value: Uint8Array };
  /** What the host calls the peer: an IP address, or the name in its client certificate. */
  readonly peer?: string;
}

/** Either form of a request. */
export type AnyRequest = Request | PlainRequest;

/** What the connection says, where the request can't or is not to be believed. */
export interface Connection {
  /** The scheme, such as `https` behind a proxy that ends TLS. */
  readonly scheme?: 'http' | 'https' | undefined;
  /** What the host calls the peer. Forwarded fields count only from one that the profile names. */
  readonly peer?: string | undefined;
}

/** What crosses into the module. */
export interface Parts {
  readonly scheme: string;
  readonly method: string;
  readonly target: string;
  /** Header lines: each name, and after it its value. */
  readonly headers: readonly string[];
  readonly bodyKind: number;
  readonly body: string | Uint8Array;
  readonly peer: string;
}

/**
 * From this many bytes on, a body is hashed by the platform, whose SHA-256 is three times as fast. But
 * `crypto.subtle` takes some 20 microseconds to be reached.
 */
export const PLATFORM_HASH_FROM = 16 * 1024;

/** Whether it is the platform's own request, of this realm or another. */
export function isStandard(request: AnyRequest): request is Request {
  return typeof (request as Request).clone === 'function' && typeof (request as Request).arrayBuffer === 'function';
}

/** Takes a request apart, body apart. Its header lines may be given in place of its own. */
export function head(
  request: AnyRequest,
  connection: Connection = {},
  fields: readonly string[] = lines(request.headers),
): Omit<Parts, 'bodyKind' | 'body'> {
  const target = isStandard(request) ? undefined : request.target;
  const url = target ?? request.url;
  if (typeof url !== 'string') throw new TypeError('a request has a `url` or a `target`');
  const absolute = target === undefined ? taken(url) : undefined;
  // A platform's own request says neither of its connection.
  const { scheme, peer } = isStandard(request) ? NOTHING : request;
  return {
    scheme: connection.scheme ?? scheme ?? absolute?.scheme ?? 'https',
    method: request.method,
    target: absolute?.target ?? url,
    headers: absolute && !has(fields, 'host') ? ['host', absolute.host, ...fields] : fields,
    peer: connection.peer ?? peer ?? '',
  };
}

const NOTHING: Connection = {};

/**
 * Takes a request apart, reads its body, and leaves it as it was.
 *
 * Of a body over `limit` only as much is read and handed on as shows that it is: the module refuses
 * it without hashing it.
 */
export async function whole(request: AnyRequest, connection?: Connection, limit = Infinity): Promise<Parts> {
  if (!isStandard(request)) return wholePlain(request, connection, limit);
  const { scheme, method, target, headers, peer } = head(request, connection);
  return { scheme, method, target, headers, bodyKind: 0, body: await readBody(request, limit), peer };
}

/** The same of a plain request, whose body need not be waited for. */
export function wholePlain(
  request: PlainRequest,
  connection?: Connection,
  limit = Infinity,
  fields?: readonly string[],
): Parts {
  const { scheme, method, target, headers, peer } = head(request, connection, fields);
  const { bodyDigest } = request;
  const bodyKind = bodyDigest ? kindOf(bodyDigest.algorithm) : 0;
  const body = bodyDigest?.value ?? shortText(request.body, limit) ?? bodyOf(request, limit);
  return { scheme, method, target, headers, bodyKind, body, peer };
}

/** A body that is to be written into the module as it is: a text whose bytes are few, however it is encoded. */
function shortText(body: PlainRequest['body'], limit: number): string | undefined {
  const isShort = typeof body === 'string' && MOST_BYTES_OF_A_UNIT * body.length <= Math.min(limit, PLATFORM_HASH_FROM);
  return isShort ? body : undefined;
}

/** UTF-8 has no more for one unit of a text. */
const MOST_BYTES_OF_A_UNIT = 3;

function kindOf(algorithm: DigestAlgorithm): number {
  return algorithm === 'sha-512' ? 2 : 1;
}

/** As {@link whole}, with the digest of a large body in its place, made by the platform. */
export async function parts(request: AnyRequest, connection?: Connection, limit = Infinity): Promise<Parts> {
  const all = isStandard(request) ? await whole(request, connection, limit) : wholePlain(request, connection, limit);
  const { bodyKind, body } = all;
  if (typeof body === 'string' || bodyKind !== 0 || body.length > limit) return all;
  const algorithm = platformAlgorithm(request, body);
  if (algorithm === undefined) return all;
  return { ...all, bodyKind: kindOf(algorithm), body: await digestOf(algorithm, body) };
}

/** A platform's hashing that need not be waited for. */
export type Hash = (algorithm: DigestAlgorithm, body: Uint8Array) => Uint8Array;

/** Longer bodies go to `crypto.subtle` all the same: another thread hashes there. */
const AT_ONCE_UP_TO = 1 << 20;
let hashAtOnce: Hash | undefined;

/** Has bodies of up to 1 MiB hashed so, in place of `crypto.subtle`. */
export function hashBy(hash: Hash): void {
  hashAtOnce = hash;
}

async function digestOf(algorithm: DigestAlgorithm, body: Uint8Array): Promise<Uint8Array> {
  if (hashAtOnce && body.length <= AT_ONCE_UP_TO) return hashAtOnce(algorithm, body);
  return new Uint8Array(await crypto.subtle.digest(algorithm.toUpperCase(), body as BufferSource));
}

/** The body, or the first `limit + 1` bytes of one that is longer than `limit`. */
export async function readBody(request: AnyRequest, limit = Infinity): Promise<Uint8Array> {
  return isStandard(request) ? readStream(request, limit) : bodyOf(request, limit);
}

/** The body of a message of the platform's own, as {@link readBody}; it can still be read after. */
export async function readStream(message: Request | Response, limit: number): Promise<Uint8Array> {
  if (message.body === null) return new Uint8Array();
  const copy = message.clone();
  if (limit === Infinity || !copy.body) return new Uint8Array(await copy.arrayBuffer());
  const pieces: Uint8Array[] = [];
  let length = 0;
  const reader = copy.body.getReader();
  while (length <= limit) {
    const { done, value } = await reader.read();
    if (done) break;
    pieces.push(value);
    length += value.length;
  }
  // The other branch is the caller's, so waiting for this to settle could take for ever.
  if (length > limit) reader.cancel().catch(() => undefined);
  return join(pieces, Math.min(length, limit + 1));
}

const NO_BYTES = new Uint8Array();

function bodyOf(request: PlainRequest, limit: number): Uint8Array {
  const body = request.body === undefined ? NO_BYTES : toBytes(request.body);
  return body.length > limit ? body.subarray(0, limit + 1) : body;
}

/** How the platform is to hash a body; `undefined` leaves it to the module. */
function platformAlgorithm(request: AnyRequest, body: Uint8Array): DigestAlgorithm | undefined {
  // Outside a secure context a browser has no `subtle`.
  if (body.length < PLATFORM_HASH_FROM || globalThis.crypto?.subtle === undefined) return undefined;
  let field = '';
  const fields = lines(request.headers);
  for (let at = 0; at < fields.length; at += 2) {
    if (fields[at]!.toLowerCase() === 'content-digest') field += `,${fields[at + 1]}`;
  }
  const [short, long] = [field.includes('sha-256='), field.includes('sha-512=')];
  // Two digests must both match, and the platform would make only one.
  if (short && long) return undefined;
  return long ? 'sha-512' : 'sha-256';
}

function join(pieces: readonly Uint8Array[], length: number): Uint8Array {
  const whole = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    const fitting = piece.subarray(0, length - at);
    whole.set(fitting, at);
    at += fitting.length;
  }
  return whole;
}

function has(fields: readonly string[], name: string): boolean {
  for (let at = 0; at < fields.length; at += 2) if (fields[at]!.toLowerCase() === name) return true;
  return false;
}

/** The parts of a URL of `http` or `https`, none of any other; the fragment, which is not sent, left out. */
function taken(url: string): { scheme: string; host: string; target: string } | undefined {
  const colon = url.indexOf('://');
  const scheme = url.slice(0, colon);
  if (!/^https?$/i.test(scheme)) return undefined;
  const hash = url.indexOf('#');
  const sent = hash < 0 ? url : url.slice(0, hash);
  const start = colon + 3;
  const [slash, question] = [sent.indexOf('/', start), sent.indexOf('?', start)];
  if (slash >= 0 && (question < 0 || slash < question)) {
    return { scheme, host: sent.slice(start, slash), target: sent.slice(slash) };
  }
  const end = question < 0 ? sent.length : question;
  return { scheme, host: sent.slice(start, end), target: `/${sent.slice(end)}` };
}
