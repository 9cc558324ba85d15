import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

import * as countersign from 'countersign';

import { BUNDLE, k7, NOW, ORDER, refusal, signedOrder, verifierOf } from './fixtures.mjs';

const { Bundle, ContentDigest, MemoryReplay, SigningKey, sign } = countersign;

test('each state is used up by the next', async () => {
  const verifier = verifierOf(countersign);
  const replay = new MemoryReplay();
  const authentic = await verifier.verify(await signedOrder(countersign), { now: NOW });
  assert.equal(authentic.keyid, 'k7');
  assert.match(authentic.replayToken.id, /^[0-9a-f]{32}$/);
  assert.equal(authentic.replayToken.keepUntil, NOW + 330);

  const verified = await authentic.spend(replay, NOW);
  await assert.rejects(authentic.spend(replay, NOW), refusal('handle_unknown'));

  const decision = verifier.authorize(verified);
  assert.equal(decision.effect, 'allow');
  assert.throws(() => verifier.authorize(verified), refusal('handle_unknown'));
});

test('a request that was not verified cannot be asked about', async () => {
  const verifier = verifierOf(countersign);
  const authentic = await verifier.verify(await signedOrder(countersign), { now: NOW });
  assert.throws(() => verifier.authorize(authentic), refusal('handle_unknown'));
  for (const forged of [{}, null, undefined, 1, { keyid: 'k7' }]) {
    assert.throws(() => verifier.authorize(forged), refusal('handle_unknown'));
  }
  const verified = await authentic.spend(new MemoryReplay(), NOW);
  const copy = Object.create(Object.getPrototypeOf(verified), Object.getOwnPropertyDescriptors(verified));
  assert.throws(() => verifier.authorize(copy), refusal('handle_unknown'));
  assert.ok(verifier.authorize(verified).allowed);
});

test('two spendings of one request at once: one gets through', async () => {
  const authentic = await verifierOf(countersign).verify(await signedOrder(countersign), { now: NOW });
  const slow = { spend: () => new Promise((resolve) => setTimeout(resolve, 5, 'fresh')) };
  const outcomes = await Promise.allSettled([authentic.spend(slow), authentic.spend(slow)]);
  assert.deepEqual(outcomes.map(({ status }) => status), ['fulfilled', 'rejected']);
  assert.ok(refusal('handle_unknown')(outcomes[1].reason));
});

test('a context that is not Cedar is refused, and does not use the request up', async () => {
  const verifier = verifierOf(countersign);
  const verified = await verifier.authenticate(await signedOrder(countersign), { now: NOW, replay: new MemoryReplay() });
  assert.throws(() => verifier.authorize(verified, { amount: 1.5 }), refusal('context_malformed'));
  assert.ok(verifier.authorize(verified, { client_ip: '192.0.2.1' }).allowed);
});

test('what is closed is refused, and closing twice is fine', async () => {
  const key = k7(countersign);
  key.close();
  key.close();
  await assert.rejects(sign(ORDER, key), refusal('handle_unknown'));

  const replay = new MemoryReplay();
  replay.close();
  const verifier = verifierOf(countersign);
  const request = await signedOrder(countersign);
  await assert.rejects(verifier.check(request, { replay, now: NOW }), refusal('handle_unknown'));

  const digest = new ContentDigest();
  digest.finish();
  assert.throws(() => digest.update('more'), refusal('handle_unknown'));

  const bundle = new Bundle(BUNDLE);
  verifier.replacePolicy(bundle);
  bundle.close();
  const open = { replay: new MemoryReplay(), now: NOW };
  await assert.rejects(verifier.check(request, open), refusal('handle_unknown'));

  verifier.close();
  await assert.rejects(verifier.check(request, open), refusal('handle_unknown'));
});

test('a key of another kind is refused', async () => {
  const replay = new MemoryReplay();
  for (const foreign of [replay, {}, undefined]) {
    await assert.rejects(sign(ORDER, foreign), refusal('handle_unknown'));
  }
});

test('objects can be disposed of', async () => {
  const key = k7(countersign);
  key[Symbol.dispose]();
  await assert.rejects(sign(ORDER, key), refusal('handle_unknown'));
});

test('what is abandoned is closed, so that handles do not run out', async () => {
  setFlagsFromString('--expose_gc');
  const gc = runInNewContext('gc');
  for (let batch = 0; batch < 14; batch++) {
    for (let one = 0; one < 5000; one++) SigningKey.open('k', new Uint8Array(32));
    gc();
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
});
