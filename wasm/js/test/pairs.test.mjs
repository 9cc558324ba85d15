import assert from 'node:assert/strict';
import { createPublicKey, generateKeyPairSync, verify } from 'node:crypto';
import { test } from 'node:test';

import * as countersign from 'countersign';

import { initSync } from '../generated/countersign.js';
import { NOW, ORDER, refusal } from './fixtures.mjs';
import { assertGoneFrom, traces } from './memory.mjs';

const { inspect, MemoryReplay, ResponseVerifier, sign, signResponse, SigningKey, Verifier } = countersign;

/** The private key of RFC 9421's `test-key-ed25519`, and its public half. */
const PEM = `-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIJ+DYvh6SEqVTm50DFtMDoQikTmiCqirVv9mWG9qfSnF
-----END PRIVATE KEY-----
`;
const PUBLIC = 'JrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs=';
const KEYRING = { keys: [{ keyid: 'partner', environment: 'live', algorithm: 'ed25519', public_key: PUBLIC }] };

const partner = () => SigningKey.fromPkcs8('partner', PEM);
const der = () => Buffer.from(PEM.split('\n')[1], 'base64');

test('a private key is opened of its PEM, its DER or its 32 bytes', () => {
  for (const key of [partner(), SigningKey.fromPkcs8('partner', der()), SigningKey.ed25519('partner', der().subarray(16))]) {
    assert.equal(key.keyid, 'partner');
    assert.equal(key.algorithm, 'ed25519');
    assert.equal(Buffer.from(key.publicKey).toString('base64'), PUBLIC);
  }
  const shared = SigningKey.open('k7', new Uint8Array(32));
  assert.deepEqual([shared.algorithm, shared.publicKey], ['hmac-sha256', undefined]);
});

test('what is no private key is refused', () => {
  for (const wrong of ['', 'csk_', PEM.replace('MC4', 'MC5'), PEM.replaceAll('PRIVATE', 'PUBLIC'), `${PEM}${PEM}`, new Uint8Array(32)]) {
    assert.throws(() => SigningKey.fromPkcs8('partner', wrong), refusal('private_key_malformed'));
  }
  for (const length of [0, 31, 33, 64]) {
    assert.throws(() => SigningKey.ed25519('partner', new Uint8Array(length)), refusal('private_key_malformed'));
  }
  assert.throws(() => SigningKey.ed25519('a"b', new Uint8Array(32)), refusal('keyid_malformed'));
});

test('a private key is gone once it is closed', async () => {
  const { memory } = initSync();
  for (const form of [(bytes) => SigningKey.ed25519('k', bytes.subarray(16)), (bytes) => SigningKey.fromPkcs8('k', bytes)]) {
    const bytes = Buffer.concat([der().subarray(0, 16), crypto.getRandomValues(new Uint8Array(32))]);
    const key = form(bytes);
    assert.throws(() => assertGoneFrom(memory, traces(bytes.subarray(16))));
    await sign(ORDER, key);
    key.close();
    assertGoneFrom(memory, traces(bytes.subarray(16)));
  }
});

test('the platform verifies what a pair signs', async () => {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const key = SigningKey.fromPkcs8('k', privateKey.export({ format: 'pem', type: 'pkcs8' }));
  const { headers } = await sign(ORDER, key, { withAlgorithm: true });
  const { base, signatureParams } = inspect({ ...ORDER, headers: { ...ORDER.headers, ...headers } });
  assert.match(signatureParams, /;alg="ed25519"/);
  const signature = Buffer.from(/:(.*):/.exec(headers.signature)[1], 'base64');
  assert.ok(verify(null, Buffer.from(base), publicKey, signature));
});

test('a request by a pair is verified by its public half, and is evidence', async () => {
  const verifier = new Verifier({ keyring: KEYRING, profile: { environment: 'live' } });
  const request = await sign(new Request(ORDER.url, ORDER), partner(), { created: NOW });
  const authentic = await verifier.verify(request, { now: NOW });
  const evidence = JSON.parse(authentic.evidence());
  assert.deepEqual(Object.keys(evidence), ['keyid', 'algorithm', 'public_key', 'base', 'signature']);
  assert.equal(evidence.public_key, PUBLIC);
  const spki = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), Buffer.from(PUBLIC, 'base64')]);
  const publicKey = createPublicKey({ key: spki, format: 'der', type: 'spki' });
  assert.ok(verify(null, Buffer.from(evidence.base), publicKey, Buffer.from(evidence.signature, 'base64')));

  const verified = await authentic.spend(new MemoryReplay(), NOW);
  assert.deepEqual(JSON.parse(verified.evidence()), evidence);
  assert.throws(() => authentic.evidence(), refusal('handle_unknown'));
});

test('a shared secret gives no evidence', async () => {
  const token = countersign.generateToken('live', 'k7');
  const verifier = new Verifier({ keyring: { keys: [{ token }] }, profile: { environment: 'live' } });
  const authentic = await verifier.verify(await sign(new Request(ORDER.url), SigningKey.fromToken(token)));
  assert.equal(authentic.evidence(), undefined);
});

test('a response is bound to its request, and evidence of it', async () => {
  const verifier = new ResponseVerifier({ keyring: KEYRING, profile: { environment: 'live' } });
  const request = await sign(new Request(ORDER.url, ORDER), SigningKey.open('k7', new Uint8Array(32)));
  const plain = Response.json({ order: 17 }, { status: 201 });
  const response = await signResponse(plain, request, partner(), { created: NOW });
  assert.equal(response.status, 201);
  const { keyid, evidence } = await verifier.verify(response, request, { now: NOW });
  assert.equal(keyid, 'partner');
  assert.match(JSON.parse(evidence).base, /^"@status": 201\n"@method";req: POST\n/);
  assert.deepEqual(await response.json(), { order: 17 });
  assert.deepEqual(await plain.json(), { order: 17 });

  const other = new Request('https://api.example.com/v1/orders?dry=2', ORDER);
  const changed = new Response('{"order":18}', { status: 201, headers: response.headers });
  await assert.rejects(verifier.verify(await signResponse(Response.json([]), request, partner(), { created: NOW }), other, { now: NOW }), refusal('signature_mismatch'));
  await assert.rejects(verifier.verify(changed, request, { now: NOW }), refusal('digest_mismatch'));
  await assert.rejects(verifier.verify(Response.json({}), request, { now: NOW }), refusal('signature_missing'));
});

test('a plain response gets the fields to add', async () => {
  const response = { status: 204, headers: {} };
  const { headers } = await signResponse(response, ORDER, partner(), { created: NOW, components: ['@status', '"@path";req'] });
  assert.equal(headers['signature-input'], `sig1=("@status" "@path";req);created=${NOW};keyid="partner"`);
  const required = ['@status', '"@path";req'];
  const verifier = new ResponseVerifier({ keyring: KEYRING, profile: { environment: 'live', required } });
  assert.equal((await verifier.verify({ ...response, headers }, ORDER, { now: NOW })).keyid, 'partner');
  // By the usual profile it covers too little.
  const strict = new ResponseVerifier({ keyring: KEYRING, profile: { environment: 'live' } });
  await assert.rejects(strict.verify({ ...response, headers }, ORDER, { now: NOW }), refusal('component_not_covered'));
});

test('a body over the limit of the profile is not read on', async () => {
  const response = await signResponse(new Response('x'.repeat(100)), ORDER, partner());
  const verifier = new ResponseVerifier({ keyring: KEYRING, profile: { environment: 'live', max_body: 99 } });
  await assert.rejects(verifier.verify(response, ORDER), refusal('body_too_large'));
});
