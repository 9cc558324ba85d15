/**
 * What no one can do without, by `node:crypto`: the HMAC of the same base, and the SHA-256 of the body where the
 * scheme has one. Nothing is parsed, looked up or built.
 */

import { createHash, createHmac, createSecretKey, timingSafeEqual } from 'node:crypto';

/** Its signing and verifying of one signed request, from what its scheme says of it. */
export function floor({ secret, base, signature, hashed }) {
  const key = createSecretKey(secret);
  const sign = () => {
    if (hashed) createHash('sha256').update(hashed).digest();
    return createHmac('sha256', key).update(base).digest();
  };
  return { name: 'floor', sign, verify: () => timingSafeEqual(sign(), signature) };
}
