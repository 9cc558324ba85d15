/** Requests of exchanges and webhooks that others made, at `../shared/vectors/signing` beside the repository. */

import { existsSync, readdirSync, readFileSync } from 'node:fs';

const VECTORS = new URL('../../../../shared/vectors/signing/', import.meta.url);

/** Whether the vectors of a family are there. */
export function isThere(family) {
  return existsSync(new URL(family, VECTORS));
}

/** The cases of a family, in the order of its files. */
export function* casesOf(family) {
  const folder = new URL(`${family}/`, VECTORS);
  for (const file of readdirSync(folder).sort()) yield* JSON.parse(readFileSync(new URL(file, folder), 'utf8')).cases;
}

/** The row for a case: its vendor's, but where a vendor has several, or libraries disagree. */
export function rowOf({ vendor, name, where, origin, alg, request }) {
  const byCcxt = origin === 'ccxt run';
  switch (vendor) {
    case 'binance': return alg === 'ed25519' ? 'binance-ed25519' : 'binance';
    case 'bitget':
    case 'bybit': return byCcxt ? `${vendor}-decoded` : vendor;
    case 'okx': return byCcxt ? 'okx' : 'okx-decoded';
    case 'coinbase': return name.includes('[v2.') ? 'coinbase-v2' : 'coinbase-advanced';
    case 'coinbaseexchange': return 'coinbase-exchange';
    case 'cryptocom': return 'crypto-com';
    case 'hawk': return alg === 'hmac-sha1' ? 'hawk-sha1' : 'hawk';
    case 'kraken': return request.body.startsWith('{') ? 'kraken-json' : 'kraken';
    case 'mexc': return where === 'header:Signature' ? 'mexc-contract' : 'mexc';
    case 'shopify': return { 'query:hmac': 'shopify-oauth', 'query:signature': 'shopify-app-proxy' }[where] ?? 'shopify-webhook';
    default: return vendor;
  }
}

/** Whose key it is. */
export function senderOf({ id, secret, credentials }) {
  if (secret !== undefined) return { keyid: id, secret };
  const { key = '', passphrase = '' } = credentials;
  return { keyid: key, secret: credentials.secret, passphrase };
}

/** The request as its sender made it. */
export function requestOf({ request: { method, url, headers, body, body_fill: fill }, params }) {
  // Some URLs of ccxt are not encoded: they are taken as they are.
  return { method, target: url, headers, body: params ? form(params) : fill ? fill[0].repeat(fill[1]) : (body ?? '') };
}

/** The body that has these parameters; a list is a parameter repeated. */
function form(params) {
  const pairs = Object.entries(params).flatMap(([name, value]) => [value].flat().map((one) => [name, one]));
  return new URLSearchParams(pairs).toString();
}
