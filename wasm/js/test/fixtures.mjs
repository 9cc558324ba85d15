/** What the tests share. */

import { readFileSync } from 'node:fs';

/** A time, in seconds since 1970. */
export const NOW = 1_800_000_000;

/** The secret of the key `k7`, in base64. */
export const SECRET = Buffer.alloc(32, 7).toString('base64');

/** A keyring with `k7`, which may trade. */
export const KEYRING = { keys: [{ keyid: 'k7', environment: 'live', secret: SECRET, groups: ['trader'] }] };

/** The bundle of the pack `trading-api`. */
export const BUNDLE = readFileSync(new URL('trading-api.bundle', import.meta.url));

/** Opens the key `k7`. */
export function k7({ SigningKey }) {
  return SigningKey.open('k7', Buffer.from(SECRET, 'base64'));
}

/** A verifier that knows `k7`, with the policy of the trading API. */
export function verifierOf({ Verifier }, profile = {}) {
  return new Verifier({ keyring: KEYRING, profile: { environment: 'live', ...profile }, policy: BUNDLE });
}

/** The request to place an order, as a plain object. */
export const ORDER = {
  method: 'POST',
  url: 'https://api.example.com/v1/orders?dry=1',
  headers: { 'Content-Type': 'application/json' },
  body: '{"amount":1}',
};

/** ORDER, signed by `k7` at NOW. */
export async function signedOrder(countersign, options = {}) {
  const { headers } = await countersign.sign(ORDER, k7(countersign), { created: NOW, ...options });
  return { ...ORDER, headers: { ...ORDER.headers, ...headers } };
}

/** For `assert.rejects` and `assert.throws`: a refusal with this code. */
export function refusal(code) {
  return (error) => error.name === 'Refusal' && error.code === code;
}
