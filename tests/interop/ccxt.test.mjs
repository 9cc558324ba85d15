/** ccxt sends requests to exchanges; the rows of those exchanges verify what arrives. */

import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';

import ccxt from 'ccxt';

import { Credentials, Scheme } from '../../wasm/js/dist/schemes/adapter/node.js';
import { loopback, refused, withField } from './loopback.mjs';

// Gemini's keys begin so, and ccxt insists. Kraken's and Coinbase Exchange's secrets are base64.
const KEYID = 'account-key';
const SECRET = Buffer.from('a secret of an account at an exchange').toString('base64');
const PASSPHRASE = 'a passphrase';

const ED25519 = generateKeyPairSync('ed25519');
const ED25519_PRIVATE = ED25519.privateKey.export({ type: 'pkcs8', format: 'pem' });
const ED25519_PUBLIC = ED25519.publicKey.export({ type: 'spki', format: 'pem' });

/** The exchange in ccxt, our rows for it, and what ccxt is told to send: method, path, and its name for the API. */
const EXCHANGES = [
  ['binance', ['binance'], ['GET', 'order', 'private'], ['POST', 'order', 'private']],
  ['binance', ['binance'], ['POST', 'capital/withdraw/apply', 'sapi']],
  ['binance', ['binance-ed25519'], ['GET', 'order', 'private'], ['POST', 'order', 'private']],
  ['bingx', ['bingx'], ['GET', 'trade/query', ['spot', 'v1', 'private']], ['POST', 'trade/order', ['spot', 'v1', 'private']]],
  ['bitfinex', ['bitfinex'], ['POST', 'auth/w/order/submit', 'private']],
  ['bitget', ['bitget', 'bitget-decoded'], ['GET', 'v2/spot/trade/orderInfo', ['private', 'spot']], ['POST', 'v2/spot/trade/place-order', ['private', 'spot']]],
  ['bitstamp', ['bitstamp'], ['GET', 'account_balances/BTC/', 'private'], ['POST', 'buy/{pair}/', 'private']],
  ['bybit', ['bybit', 'bybit-decoded'], ['GET', 'v5/order/realtime', 'private'], ['POST', 'v5/order/create', 'private']],
  ['coinbase', ['coinbase-advanced'], ['GET', 'brokerage/orders/historical/batch', ['v3', 'private']], ['POST', 'brokerage/orders', ['v3', 'private']]],
  ['coinbase', ['coinbase-v2'], ['GET', 'accounts', ['v2', 'private']], ['POST', 'accounts', ['v2', 'private']]],
  ['coinbaseexchange', ['coinbase-exchange'], ['GET', 'orders', 'private'], ['POST', 'orders', 'private']],
  ['cryptocom', ['crypto-com'], ['POST', 'private/create-order', ['v1', 'private']]],
  ['deribit', ['deribit'], ['GET', 'buy', 'private']],
  ['gate', ['gate'], ['GET', 'orders', ['private', 'spot']], ['POST', 'orders', ['private', 'spot']]],
  ['gemini', ['gemini'], ['POST', 'v1/order/new', 'private']],
  ['htx', ['htx'], ['GET', 'v1/order/orders', ['spot', 'private']], ['POST', 'v1/order/orders/place', ['spot', 'private']]],
  ['kraken', ['kraken'], ['POST', 'AddOrder', 'private']],
  ['kraken', ['kraken-json'], ['POST', 'AddOrderBatch', 'private']],
  ['kucoin', ['kucoin'], ['GET', 'orders', 'private'], ['POST', 'orders', 'private']],
  ['mexc', ['mexc'], ['GET', 'order', ['spot', 'private']], ['POST', 'order', ['spot', 'private']]],
  ['mexc', ['mexc-contract'], ['GET', 'position/list/history_positions', ['contract', 'private']], ['POST', 'order/submit', ['contract', 'private']]],
  ['okx', ['okx', 'okx-decoded'], ['GET', 'trade/order', 'private'], ['POST', 'trade/order', 'private']],
];

/** What is asked; the second has what percent-encoding and sorting trip over. */
const PARAMETERS = [
  { symbol: 'BTCUSDT', amount: '1' },
  { symbol: 'BTC/USDT', note: "a b+c&d=ü'*~" },
];

/**
 * What ccxt sends and a row refuses: why, and by which code. Where ccxt signs something else than it sends, the
 * last shows what: with the request changed so, the row verifies.
 */
const REFUSED = [
  ['bingx', ['POST', 'subAccount/create', ['subAccount', 'v1', 'private'], { note: 'BTC' }],
    'timestamp and signature are in a body of JSON, and the row looks for them in the query', 'component_missing'],
  ['gate', ['POST', 'orders', ['private', 'spot'], { text: 'BTC', query: { account: 'spot' } }],
    'ccxt leaves the query of a POST out of what it signs', 'signature_mismatch', withoutQuery],
  ['mexc', ['POST', 'sub-account/virtualSubAccount', ['broker', 'private'], { note: 'BTC' }],
    'ccxt leaves the body out of what it signs for brokers', 'signature_mismatch', (request) => ({ ...request, body: '' })],
  ['kucoin', ['DELETE', 'orders/{orderId}', 'private', { orderId: 'BTC 1' }],
    'ccxt signs the path before it is percent-encoded', 'signature_mismatch', (request) => ({ ...request, target: decodeURI(request.target) })],
];

for (const [exchange, rows, ...calls] of EXCHANGES) {
  for (const [method, path, api] of calls) {
    test(`${exchange} ${method} ${path}: ${rows.join(', ')}`, async (context) => {
      const server = await loopback(context);
      const secrets = secretsOf(rows[0]);
      for (const parameters of PARAMETERS) {
        const request = await exchanged(server, exchange, secrets.signing, [path, api, method, { ...parameters, pair: 'btcusd' }]);
        for (const row of rows) await judge(row, request, secrets.verifying, `ccxt ${exchange}`);
      }
    });
  }
}

for (const [name, [method, path, api, parameters], why, code, asSigned] of REFUSED) {
  test(`${name} ${method} ${path} is refused: ${why}`, async (context) => {
    const server = await loopback(context);
    const request = await exchanged(server, name, SECRET, [path, api, method, parameters]);
    const credentials = new Credentials({ keyid: KEYID, secret: SECRET, passphrase: PASSPHRASE });
    assert.equal(await refused(Scheme.named(name).verify(request, credentials)), code);
    if (asSigned) await Scheme.named(name).verify(asSigned(request), credentials);
    console.log(`ccxt ${name} -> ${name}: ${method} ${request.target.split('?')[0]} refused, ${code}: ${why}`);
  });
}

function withoutQuery(request) {
  return { ...request, target: request.target.split('?')[0] };
}

function secretsOf(row) {
  if (row === 'binance-ed25519') return { signing: ED25519_PRIVATE, verifying: ED25519_PUBLIC };
  // ccxt takes a secret of Coinbase that ends in `=` for one of the newer kind, which isn't an HMAC.
  const secret = row === 'coinbase-v2' || row === 'coinbase-advanced' ? SECRET.replaceAll('=', '') : SECRET;
  return { signing: secret, verifying: secret };
}

/** Lets ccxt send a request to loopback in the vendor's place, and gives what arrived, with the vendor's host. */
async function exchanged(server, name, secret, call) {
  const exchange = new ccxt[name]({ apiKey: KEYID, secret, password: PASSPHRASE, enableRateLimit: false });
  let host;
  exchange.fetchImplementation = (url, { method, headers, body }) => {
    host = new URL(url).host;
    return fetch(url.replace(/^https:\/\/[^/]+/, server.origin), { method, headers, body });
  };
  // What ccxt makes of the answer `{}` is its own business: what counts is what arrived.
  await exchange.request(...call).catch((error) => assert.ok(error instanceof ccxt.ExchangeError, error.stack));
  return { ...withField(server.arrived(), 'host', host), scheme: 'https' };
}

/** The row verifies the request, but not under another secret, and not with a byte changed that it covers. */
async function judge(row, request, secret, sender) {
  const scheme = Scheme.named(row);
  const credentialsOf = (verifying) => new Credentials({ keyid: KEYID, secret: verifying, passphrase: PASSPHRASE });
  const credentials = credentialsOf(secret);
  const { keyid, coversBody } = await scheme.verify(request, credentials);
  assert.equal(keyid, KEYID);
  assert.equal(await scheme.keyid(request), KEYID);

  const wrong = await refused(scheme.verify(request, credentialsOf(other(secret))));
  const changes = [];
  const { target, body } = request;
  if (target.includes('BTC')) changes.push(['query', { ...request, target: target.replace('BTC', 'BTD') }, scheme.coverage.query !== 'no']);
  if (body.includes('BTC')) changes.push(['body', { ...request, body: String(body).replace('BTC', 'BTD') }, coversBody]);
  assert.ok(changes.length > 0, 'there is nothing to change');
  const verdicts = [];
  for (const [part, changed, isCovered] of changes) {
    if (isCovered) verdicts.push(`other ${part} ${await refused(scheme.verify(changed, credentials))}`);
    else {
      await scheme.verify(changed, credentials);
      verdicts.push(`other ${part} accepted: not under the signature`);
    }
  }
  console.log(`${sender} -> ${row}: ${request.method} ${target.split('?')[0]} verified; other secret ${wrong}, ${verdicts.join(', ')}`);
}

function other(secret) {
  if (secret === ED25519_PUBLIC) return generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'pem' });
  return Buffer.from('another secret of another account').toString('base64');
}
