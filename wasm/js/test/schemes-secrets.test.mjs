import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Credentials, Scheme } from 'countersign/schemes';

import { initSync } from '../generated/countersign-schemes.js';
import { refusal } from './fixtures.mjs';
import { assertGoneFrom, traces } from './memory.mjs';

// The module runs already; this gives its exports.
const { memory } = initSync();

/** A secret that is text, as vendors give them. */
function secret() {
  return Buffer.from(Buffer.from(crypto.getRandomValues(new Uint8Array(24))).toString('base64'));
}

test('the scan finds credentials that are open, and not those that were closed', () => {
  for (const form of [(bytes) => bytes, (bytes) => bytes.toString()]) {
    const bytes = secret();
    const credentials = new Credentials({ secret: form(bytes) });
    assert.throws(() => assertGoneFrom(memory, traces(bytes)));
    credentials.close();
    assertGoneFrom(memory, traces(bytes));
  }
});

test('a secret stays the caller’s own', () => {
  const bytes = secret();
  const before = Buffer.from(bytes);
  new Credentials({ secret: bytes }).close();
  assert.deepEqual(bytes, before);
});

test('a secret that was used is gone once it is closed, from stack and heap', async () => {
  const request = { method: 'POST', url: 'https://api.example.com/v1?a=b', headers: {}, body: 'c=d' };
  for (const name of ['okx', 'binance', 'kucoin', 'kraken', 'stripe', 'standard-webhooks', 'bitfinex', 'aws-sigv4', 'hawk']) {
    const [bytes, passphrase] = [secret(), secret().toString()];
    const options = { region: 'eu-west-1', service: 'execute-api' };
    const credentials = new Credentials({ keyid: 'key', secret: bytes, passphrase, options });
    const scheme = Scheme.named(name);
    await scheme.verify(await scheme.sign(request, credentials), credentials);
    await scheme.base(request, credentials);
    credentials.close();
    assertGoneFrom(memory, [...traces(bytes), ...traces(Buffer.from(bytes.toString(), 'base64'))]);
    // That of OKX travels with the request.
    if (name !== 'okx') assertGoneFrom(memory, traces(Buffer.from(passphrase)));
  }
});

test('a secret that was refused is gone', () => {
  const bytes = secret();
  assert.throws(() => new Credentials({ secret: bytes, options: { 'a=b': '' } }), refusal('options_malformed'));
  assertGoneFrom(memory, traces(bytes));
});
