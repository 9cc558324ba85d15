/** http-message-signatures signs by RFC 9421 and our verifier verifies; our package signs and it verifies. */

import assert from 'node:assert/strict';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { test } from 'node:test';

import { createSigner, createVerifier, httpbis } from 'http-message-signatures';

import { contentDigest, sign, SigningKey, Verifier } from '../../wasm/js/dist/adapter/node.js';
import { fields, loopback, refused, send, withOtherBody } from './loopback.mjs';

const SECRET = randomBytes(32);
const BODY = '{"amount":1}';
const PATH = '/v1/orders?dry=1&note=a%20b%2Fc';
const FIELDS = ['@method', '@authority', '@path', '@query', '@target-uri', '@scheme', 'content-type', 'content-digest'];

const hmac = (secret) => ({ keyid: 'k7', environment: 'test', secret: secret.toString('base64') });
const ed25519 = ({ publicKey }) => ({
  keyid: 'k7',
  environment: 'test',
  algorithm: 'ed25519',
  public_key: Buffer.from(publicKey.export({ format: 'jwk' }).x, 'base64url').toString('base64'),
});
const verifierOf = (key) => new Verifier({ keyring: { keys: [key] }, profile: { environment: 'test' } });

const PAIR = generateKeyPairSync('ed25519');
const SIGNERS = [
  ['hmac-sha256', SECRET, hmac(SECRET), hmac(randomBytes(32))],
  ['ed25519', PAIR.privateKey, ed25519(PAIR), ed25519(generateKeyPairSync('ed25519'))],
];

for (const [algorithm, secret, key, otherKey] of SIGNERS) {
  test(`http-message-signatures signs with ${algorithm}, we verify`, async (context) => {
    const server = await loopback(context);
    const request = {
      method: 'POST',
      url: server.origin + PATH,
      headers: { 'Content-Type': 'application/json', 'Content-Digest': contentDigest(BODY) },
    };
    const config = {
      key: createSigner(secret, algorithm, 'k7'),
      fields: FIELDS,
      params: ['created', 'expires', 'nonce', 'keyid', 'alg'],
      paramValues: { nonce: randomBytes(16).toString('hex') },
    };
    await send({ ...(await httpbis.signMessage(config, request)), body: BODY });

    const arrived = server.arrived();
    const verified = await verifierOf(key).verify(arrived);
    assert.equal(verified.keyid, 'k7');
    const wrong = await refused(verifierOf(otherKey).verify(arrived));
    const body = await refused(verifierOf(key).verify(withOtherBody(arrived)));
    const query = await refused(verifierOf(key).verify({ ...arrived, target: arrived.target.replace('dry=1', 'dry=0') }));
    console.log(`http-message-signatures ${algorithm} -> countersign: verified; other key ${wrong}, other body ${body}, other query ${query}`);
  });
}

test('we sign with hmac-sha256, http-message-signatures verifies', async (context) => {
  const server = await loopback(context);
  const url = server.origin + PATH;
  const request = { method: 'POST', url, headers: { 'content-type': 'application/json' }, body: BODY };
  const key = SigningKey.open('k7', SECRET);
  const { headers } = await sign(request, key, { components: FIELDS, expires: Math.floor(Date.now() / 1000) + 60, withAlgorithm: true });
  await send({ ...request, headers: { ...request.headers, ...headers } });

  const arrived = server.arrived();
  const verify = (target, secret) => {
    const config = {
      keyLookup: async ({ keyid }) => ({ id: keyid, algs: ['hmac-sha256'], verify: createVerifier(secret, 'hmac-sha256') }),
      requiredFields: FIELDS,
    };
    return httpbis.verifyMessage(config, { method: arrived.method, url: server.origin + target, headers: fields(arrived) });
  };
  assert.equal(await verify(arrived.target, SECRET), true);
  assert.equal(await verify(arrived.target, randomBytes(32)), false);
  assert.equal(await verify(arrived.target.replace('dry=1', 'dry=0'), SECRET), false);
  // It leaves the body to its caller; its digest is under the signature.
  assert.equal(arrived.body.toString(), BODY);
  console.log('countersign hmac-sha256 -> http-message-signatures: verified; other secret false, other query false');
});

test('a query parameter with an apostrophe: http-message-signatures encodes it otherwise than RFC 9421', async (context) => {
  const server = await loopback(context);
  const parameters = (value) => ({
    request: { method: 'GET', url: `${server.origin}/v1/orders?note=${value}`, headers: {} },
    config: {
      key: createSigner(SECRET, 'hmac-sha256', 'k7'),
      fields: ['@method', '@authority', '@path', '@query', '"@query-param";name="note"'],
      params: ['created', 'nonce', 'keyid'],
      paramValues: { nonce: randomBytes(16).toString('hex') },
    },
  });
  const verdicts = {};
  for (const value of ['a%20b', 'it%27s']) {
    const { request, config } = parameters(value);
    await send(await httpbis.signMessage(config, request));
    const verifying = verifierOf(hmac(SECRET)).verify(server.arrived());
    verdicts[value] = await verifying.then(() => 'verified', ({ code }) => code);
  }
  // Section 2.2.8 has the value encoded by the set of forms, which takes the apostrophe; `encodeURIComponent` doesn't.
  assert.deepEqual(verdicts, { 'a%20b': 'verified', 'it%27s': 'signature_mismatch' });
  console.log(`http-message-signatures -> countersign, @query-param: ${JSON.stringify(verdicts)}`);
});

test('both sign one request, each verifies the other', async (context) => {
  const server = await loopback(context);
  const config = {
    key: createSigner(PAIR.privateKey, 'ed25519', 'k7'),
    name: 'theirs',
    fields: ['@method', '@authority', '@path', '@query', 'content-digest'],
    params: ['created', 'nonce', 'keyid'],
    paramValues: { nonce: randomBytes(16).toString('hex') },
  };
  const request = { method: 'POST', url: server.origin + PATH, headers: { 'Content-Digest': contentDigest(BODY) } };
  const theirs = await httpbis.signMessage(config, request);
  const both = await sign(new Request(theirs.url, { ...theirs, body: BODY }), SigningKey.open('k8', SECRET), { label: 'ours' });
  await (await fetch(both)).text();

  const arrived = server.arrived();
  const verifier = (label) => new Verifier({ keyring: { keys: [ed25519(PAIR)] }, profile: { environment: 'test', label } });
  assert.equal((await verifier('theirs').verify(arrived)).keyid, 'k7');
  assert.equal(await refused(verifier('theirs').verify(withOtherBody(arrived))), 'digest_mismatch');
  assert.equal(await refused(verifier('ours').verify(arrived)), 'key_unknown');
  const keyLookup = async ({ keyid }) => (keyid === 'k8' ? { id: keyid, verify: createVerifier(SECRET, 'hmac-sha256') } : null);
  const message = { method: 'POST', url: server.origin + arrived.target, headers: fields(arrived) };
  assert.equal(await httpbis.verifyMessage({ keyLookup }, message), true);
  assert.equal(await httpbis.verifyMessage({ keyLookup }, { ...message, method: 'PUT' }), false);
  console.log('http-message-signatures and countersign sign one request: each verifies the other');
});
