/** A `fetch` that signs, and sets its clock by the server's. */

import type { SigningKey } from './key.js';
import { sign, type SignOptions } from './sign.js';

/** How requests are signed and sent. */
export interface SignedFetchOptions extends Pick<SignOptions, 'label' | 'components' | 'tag' | 'withAlgorithm'> {
  /** What sends them; the platform's `fetch` unless given. */
  readonly fetch?: typeof fetch;
  /** The local clock, in milliseconds since 1970; `Date.now` unless given. */
  readonly clock?: () => number;
  /** How many seconds a signature counts; without it, as long as the verifier accepts. */
  readonly lifetime?: number;
  /**
   * The greatest error of the local clock that is corrected, in seconds; an hour unless given. A server that
   * could move the clock at will could have requests signed for times to come.
   */
  readonly maxSkew?: number;
}

/** `Date` has whole seconds, and says when the answer was begun: less than this is not an error. */
const NOTICEABLE = 2;

/**
 * A function to be called as `fetch` is. Each request gets a signature of its own, with a fresh nonce.
 *
 * If the server refuses a request (400 or 401) and its `Date` shows that the local clock is wrong, the request
 * is signed anew by the server's clock and sent once more; later requests to that origin begin with it. Nothing
 * else is sent twice. Across origins a browser shows `Date` only where the server exposes it
 * (`Access-Control-Expose-Headers`).
 */
export function signedFetch(key: SigningKey, options: SignedFetchOptions = {}): typeof fetch {
  const { fetch: send = globalThis.fetch, clock = Date.now, lifetime, maxSkew = 3600, ...signing } = options;
  const skews = new Map<string, number>();
  const attempt = async (request: Request, skew: number): Promise<Response> => {
    const created = Math.floor(clock() / 1000) + skew;
    return send(await sign(request, key, { ...signing, created, ...(lifetime && { expires: created + lifetime }) }));
  };
  return async (input, init) => {
    const request = new Request(input, init);
    const { origin } = new URL(request.url);
    const skew = skews.get(origin) ?? 0;
    const response = await attempt(request, skew);
    if (response.status !== 400 && response.status !== 401) return response;
    const measured = skewOf(response, clock());
    if (measured === undefined || Math.abs(measured) > maxSkew || Math.abs(measured - skew) < NOTICEABLE) return response;
    skews.set(origin, measured);
    // An answer that nobody reads would keep its connection.
    await response.body?.cancel();
    return attempt(request, measured);
  };
}

/** How many seconds the server's clock is ahead, if it says. */
function skewOf(response: Response, now: number): number | undefined {
  const date = Date.parse(response.headers.get('date') ?? '');
  return Number.isNaN(date) ? undefined : Math.round((date - now) / 1000);
}
