import assert from 'node:assert/strict';
import { test } from 'node:test';

import * as countersign from 'countersign';

import { initSync } from '../generated/countersign.js';
import { refusal } from './fixtures.mjs';
import { assertGoneFrom, traces } from './memory.mjs';

const { generateToken, hmacSha256, SigningKey, sign, tokenCheck, Verifier } = countersign;

// The module runs already; this gives its exports.
const { memory } = initSync();

const assertGone = (what) => assertGoneFrom(memory, what);

function secretOf(token) {
  const bytes = [];
  let [value, bits] = [0, 0];
  for (const letter of token.split('_')[3]) {
    value = (value << 5) | 'abcdefghijklmnopqrstuvwxyz234567'.indexOf(letter);
    bits += 5;
    if (bits < 8) continue;
    bits -= 8;
    bytes.push((value >> bits) & 255);
    value &= (1 << bits) - 1;
  }
  return Buffer.from(bytes);
}

function tracesOf(token) {
  return traces(secretOf(token), token.split('_').slice(3).join('_'));
}

function secret() {
  return Buffer.from(crypto.getRandomValues(new Uint8Array(32)));
}

test('the scan finds what is there', () => {
  const present = secret();
  new countersign.ContentDigest().update(present);
  assert.throws(() => assertGone(traces(present)));
});

test('a generated token is gone', () => {
  assertGone(tracesOf(generateToken('live', 'k7')));
});

test('a token that was opened or checked is gone', () => {
  const token = generateToken('live', 'k7');
  const key = SigningKey.fromToken(token);
  assertGone(tracesOf(token));
  assert.deepEqual(tokenCheck(token), { environment: 'live', keyid: 'k7' });
  assertGone(tracesOf(token));
  key.close();
  assertGone(tracesOf(token));
});

test('a token that was refused is gone', () => {
  const token = generateToken('live', 'k7');
  const mistyped = `${token.slice(0, -1)}${token.endsWith('a') ? 'b' : 'a'}`;
  assert.throws(() => SigningKey.fromToken(mistyped), refusal('token_checksum_mismatch'));
  assertGone([...tracesOf(token), ...tracesOf(mistyped)]);
});

test('a secret that was opened is gone, and the caller keeps his own', () => {
  const bytes = secret();
  const before = Buffer.from(bytes);
  SigningKey.open('k7', bytes);
  assert.deepEqual(bytes, before);
  assertGone(traces(bytes));
  hmacSha256(bytes, new Uint8Array(100));
  assertGone(traces(bytes));
});

test('the secrets of a keyring are gone, also after they were used', async () => {
  const [bytes, token] = [secret(), generateToken('live', 'k9')];
  const keyring = { keys: [{ keyid: 'k7', environment: 'live', secret: bytes.toString('base64') }, { token }] };
  const verifier = new Verifier({ keyring, profile: { environment: 'live' } });
  const all = [...traces(bytes, bytes.toString('base64')), ...tracesOf(token)];
  assertGone(all);
  const request = { method: 'GET', url: 'https://a.example/', headers: {} };
  const { headers } = await sign(request, SigningKey.open('k7', bytes));
  await verifier.verify({ ...request, headers });
  assertGone(all);
  verifier.close();
  assertGone(all);
});

test('the secrets of a keyring that was refused are gone', () => {
  const bytes = secret();
  const text = JSON.stringify({ keys: [{ keyid: 'k7', environment: 'live', secret: bytes.toString('base64') }, 1] });
  assert.throws(() => new Verifier({ keyring: text, profile: { environment: 'live' } }), refusal('keyring_malformed'));
  assertGone(traces(bytes, bytes.toString('base64')));
});
