/** Others' outputs and verdicts, at `../shared/vectors/signing` beside the repository. */

import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';

import { Credentials, Refusal, Scheme } from 'countersign/schemes';

const VECTORS = new URL('../../../../shared/vectors/signing/', import.meta.url);

/** Where a vendor's own library accepts what is refused here on purpose. */
const STRICTER = new Map([
  ['stripe future 3600', 'a timestamp an hour ahead would be good for an hour longer than the window says'],
]);

/** The time at which every library was run, in milliseconds. */
const RUN = 1_700_000_000_123;

/** The row for a case: its vendor's, but where a vendor has several, or libraries disagree. */
function rowOf({ vendor, name, where, origin, alg }) {
  const byCcxt = origin === 'ccxt run';
  switch (vendor) {
    case 'binance': return alg === 'ed25519' ? 'binance-ed25519' : 'binance';
    case 'bitget':
    case 'bybit': return byCcxt ? `${vendor}-decoded` : vendor;
    case 'okx': return byCcxt ? 'okx' : 'okx-decoded';
    case 'coinbase': return name.includes('[v2.') ? 'coinbase-v2' : 'coinbase-advanced';
    case 'coinbaseexchange': return 'coinbase-exchange';
    case 'cryptocom': return 'crypto-com';
    case 'mexc': return name.startsWith('mexc#contract') ? 'mexc-contract' : 'mexc';
    case 'shopify': return { 'query:hmac': 'shopify-oauth', 'query:signature': 'shopify-app-proxy' }[where] ?? 'shopify-webhook';
    default: return vendor;
  }
}

function credentialsOf({ id, secret, credentials }) {
  if (secret !== undefined) return new Credentials({ keyid: id, secret });
  const { key, passphrase } = credentials;
  return new Credentials({ keyid: key ?? '', secret: credentials.secret, passphrase: passphrase ?? '' });
}

function requestOf({ request: { method, url, headers, body, body_fill: fill }, params }) {
  // Some URLs of ccxt are not encoded: they are taken as they are.
  return { method, target: url, headers, body: params ? form(params) : fill ? fill[0].repeat(fill[1]) : (body ?? '') };
}

/** The body that has these parameters; a list is a parameter repeated. */
function form(params) {
  const pairs = Object.entries(params).flatMap(([name, value]) => [value].flat().map((one) => [name, one]));
  return new URLSearchParams(pairs).toString();
}

function nowOf({ now_ms: ms, now, timestamp }) {
  if (ms != null) return ms;
  const stamp = Number(now ?? timestamp ?? Number.NaN);
  if (Number.isNaN(stamp)) return RUN;
  return stamp > 1e12 ? stamp : stamp * 1000;
}

async function isAccepted(one) {
  const tolerance = one.tolerance == null ? undefined : one.tolerance * 1000;
  try {
    await Scheme.named(rowOf(one)).verify(requestOf(one), credentialsOf(one), { now: nowOf(one), tolerance });
    return true;
  } catch (error) {
    if (error instanceof Refusal) return false;
    throw error;
  }
}

for (const family of ['exchanges', 'webhooks']) {
  const folder = new URL(`${family}/`, VECTORS);
  const skip = existsSync(folder) ? false : `skipped: the vectors of ${family} are not there`;
  test(`${family}: each case is verified as its library does, or more strictly with a reason`, { skip }, async (context) => {
    const counts = {};
    for (const file of readdirSync(folder)) {
      for (const one of JSON.parse(readFileSync(new URL(file, folder), 'utf8')).cases) {
        const expected = one.result === 'valid' && !STRICTER.has(one.name);
        assert.equal(await isAccepted(one), expected, one.name);
        counts[one.vendor] = (counts[one.vendor] ?? 0) + 1;
      }
    }
    context.diagnostic(Object.entries(counts).map(([vendor, count]) => `${vendor} ${count}`).join(', '));
  });
}
