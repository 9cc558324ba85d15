import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { MemoryReplay, sign, SigningKey, Verifier } from 'countersign/complete';

import { refusal } from './fixtures.mjs';

/** 2026-11-25, 09:46:40 UTC: when the snapshots were made; they end ten minutes later. */
const NOW = 1_795_600_000;
const SNAPSHOTS = new URL('../../../core/tests/snapshots/', import.meta.url);
const [WHOLE, DELTA] = ['whole', 'delta'].map((name) => readFileSync(new URL(`${name}.snapshot`, SNAPSHOTS)));

const TRUST = {
  environment: 'live',
  region: 'eu-west',
  reader: 'edge-1',
  reader_key: Buffer.alloc(32, 9).toString('base64'),
  publishers: [{ name: 'acme', public_key: '7UkoxijRwsbq6QM4kFmVYSlZJzpcY/k2NsFGFKyHN9E=' }],
};

function edge(trust = {}, profile = {}) {
  return new Verifier({ edge: { ...TRUST, ...trust }, profile: { environment: 'live', ...profile } });
}

async function verify(verifier, key, now = NOW) {
  const request = { method: 'GET', url: 'https://api.example.com/v1/orders', headers: {} };
  const { headers } = await sign(request, key, { created: now });
  const verified = await verifier.authenticate({ ...request, headers }, { replay: new MemoryReplay(), now });
  return verified.keyid;
}

const key = (keyid, byte) => SigningKey.open(keyid, Buffer.alloc(32, byte));

test('an edge accepts what is derived of a key for its region and day', async () => {
  const verifier = edge();
  await assert.rejects(verify(verifier, key('k1', 1)), refusal('keyring_stale'));
  assert.deepEqual(verifier.load(WHOLE, NOW), { version: 5, keys: 4 });
  const derived = key('k1', 1).derive('live', 'eu-west', NOW);
  assert.equal(derived.keyid, 'k1/eu-west/20261125');
  assert.equal(await verify(verifier, derived), 'k1');
  await assert.rejects(verify(verifier, key('k1', 1)), refusal('key_scope_missing'));
  await assert.rejects(verify(verifier, key('k1', 1).derive('live', 'us-east', NOW)), refusal('key_wrong_region'));
  await assert.rejects(verify(verifier, key('k3', 3).derive('live', 'eu-west', NOW)), refusal('key_revoked'));
});

test('a delta changes what it has', async () => {
  const verifier = edge();
  assert.throws(() => verifier.load(DELTA, NOW), refusal('snapshot_base_missing'));
  verifier.load(WHOLE, NOW);
  const added = key('k4', 4).derive('live', 'eu-west', NOW);
  await assert.rejects(verify(verifier, added), refusal('key_unknown'));
  assert.deepEqual(verifier.load(DELTA, NOW), { version: 6, keys: 4 });
  assert.equal(await verify(verifier, added), 'k4');
  assert.throws(() => verifier.load(WHOLE, NOW), refusal('snapshot_older'));
});

test('it serves on after the end for as long as the profile says', async () => {
  const [strict, lenient] = [edge(), edge({}, { keyring_grace: 60 })];
  const derived = key('k1', 1).derive('live', 'eu-west', NOW);
  for (const verifier of [strict, lenient]) verifier.load(WHOLE, NOW);
  await assert.rejects(verify(strict, derived, NOW + 600), refusal('keyring_stale'));
  assert.equal(await verify(lenient, derived, NOW + 600), 'k1');
  await assert.rejects(verify(lenient, derived, NOW + 660), refusal('keyring_stale'));
});

test('what is not for it, or was changed, is refused', () => {
  const load = (trust, bytes = WHOLE, now = NOW) => () => edge(trust).load(bytes, now);
  const changed = Uint8Array.from(WHOLE);
  changed[200] ^= 1;
  assert.throws(load({}, changed), refusal('snapshot_untrusted'));
  assert.throws(load({}, WHOLE.subarray(0, 40)), refusal('snapshot_malformed'));
  assert.throws(load({ region: 'us-east' }), refusal('snapshot_of_another'));
  assert.throws(load({ environment: 'test' }), refusal('snapshot_of_another'));
  assert.throws(load({ reader: 'edge-2' }), refusal('snapshot_of_another'));
  assert.throws(load({ reader_key: Buffer.alloc(32, 8).toString('base64') }), refusal('snapshot_unreadable'));
  assert.throws(load({ at_least: 6 }), refusal('snapshot_older'));
  assert.throws(load({}, WHOLE, NOW + 600), refusal('snapshot_stale'));
  assert.throws(load({ publishers: [] }), refusal('trust_malformed'));
  assert.throws(load({ region: 'EU' }), refusal('scope_malformed'));
});

test('a verifier has a keyring or an edge', () => {
  const profile = { environment: 'live' };
  assert.throws(() => new Verifier({ profile }), TypeError);
  assert.throws(() => new Verifier({ profile, edge: TRUST, keyring: { keys: [] } }), TypeError);
  const verifier = new Verifier({ profile, keyring: { keys: [] } });
  assert.throws(() => verifier.load(WHOLE, NOW), refusal('trust_malformed'));
});
