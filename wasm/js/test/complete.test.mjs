import assert from 'node:assert/strict';
import { test } from 'node:test';

import * as countersign from 'countersign/complete';
import * as main from 'countersign';

import { NOW, ORDER, refusal } from './fixtures.mjs';

const { acceptSignature, sign, signAsAsked, signatureRequests, SigningKey, Verifier, verifyEvidence, wantedDigest } = countersign;

const SEED = new Uint8Array(32).fill(7);
const key = () => SigningKey.ed25519('partner', SEED);

test('the main entry runs on the module that is started already', () => {
  assert.equal(main.SigningKey, SigningKey);
  assert.equal(main.moduleSha256(), countersign.moduleSha256());
});

test('what is asked for is written, read and honoured', async () => {
  const asked = acceptSignature({ components: ['@method', '@path'], created: true, expires: true, keyid: 'partner', tag: 'orders' });
  assert.equal(asked, 'sig1=("@method" "@path");created;expires;keyid="partner";tag="orders"');
  const other = acceptSignature({ label: 'sig2', components: [], algorithm: 'ed25519', nonce: 'n-1' });
  const asking = { 'Accept-Signature': [asked, other] };
  assert.deepEqual(signatureRequests(asking), [asked, other]);
  const first = await signAsAsked(ORDER, asking, key(), { label: 'sig1', created: NOW, nonce: null });
  assert.equal(
    first['signature-input'],
    `sig1=("@method" "@path");created=${NOW};expires=${NOW + 60};keyid="partner";tag="orders"`,
  );
  const second = await signAsAsked(ORDER, asking, key(), { label: 'sig2', created: NOW });
  assert.equal(second['signature-input'], `sig2=();created=${NOW};nonce="n-1";alg="ed25519";keyid="partner"`);
});

test('what cannot be honoured is refused', async () => {
  const honour = (value, options) => signAsAsked(ORDER, { 'accept-signature': value }, key(), options);
  await assert.rejects(honour('sig1=();keyid="other"'), refusal('signature_request_impossible'));
  await assert.rejects(honour('sig1=(), sig2=()'), refusal('signature_ambiguous'));
  await assert.rejects(honour('sig1=()', { label: 'sig3' }), refusal('signature_missing'));
  await assert.rejects(honour('sig1'), refusal('accept_signature_malformed'));
  assert.throws(() => acceptSignature({ label: 'B', components: [] }), refusal('options_malformed'));
});

test('evidence is checked by its JSON alone', async () => {
  const keyring = {
    keys: [
      { keyid: 'partner', environment: 'live', algorithm: 'ed25519', public_key: Buffer.from(key().publicKey).toString('base64') },
    ],
  };
  const verifier = new Verifier({ keyring, profile: { environment: 'live' } });
  const authentic = await verifier.verify(await sign(new Request(ORDER.url), key(), { created: NOW }), { now: NOW });
  const evidence = verifyEvidence(authentic.evidence());
  assert.deepEqual(Object.keys(evidence), ['keyid', 'algorithm', 'publicKey', 'base']);
  assert.deepEqual(evidence.publicKey, key().publicKey);
  assert.match(evidence.base, /^"@method": GET\n/);
  assert.throws(() => verifyEvidence(authentic.evidence().replace('GET', 'PUT')), refusal('signature_mismatch'));
  assert.throws(() => verifyEvidence('{}'), refusal('evidence_malformed'));
});

test('a key of P-256 signs, and the platform verifies it', async () => {
  const pair = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign', 'verify']);
  const pkcs8 = new Uint8Array(await crypto.subtle.exportKey('pkcs8', pair.privateKey));
  const { headers } = await sign(ORDER, SigningKey.fromPkcs8('k', pkcs8), { withAlgorithm: true });
  const message = { ...ORDER, headers: { ...ORDER.headers, ...headers } };
  const { base, signatureParams } = countersign.inspect(message);
  assert.match(signatureParams, /;alg="ecdsa-p256-sha256"/);
  const signature = Buffer.from(/:(.*):/.exec(headers.signature)[1], 'base64');
  assert.ok(await crypto.subtle.verify({ name: 'ECDSA', hash: 'SHA-256' }, pair.publicKey, signature, Buffer.from(base)));
});

test('the digest that is wanted', () => {
  assert.equal(wantedDigest({ 'Want-Content-Digest': 'sha-256=3, sha-512=10' }), 'sha-512');
  assert.equal(wantedDigest({}), undefined);
  assert.throws(() => wantedDigest({ 'want-repr-digest': 'sha-256=11' }, 'want-repr-digest'), refusal('want_digest_malformed'));
});
