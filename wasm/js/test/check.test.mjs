import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import http2 from 'node:http2';
import { test } from 'node:test';

import * as countersign from 'countersign';
import { fromIncoming } from 'countersign/node';

import { BUNDLE, k7, KEYRING, NOW, ORDER, refusal, signedOrder, verifierOf } from './fixtures.mjs';

const { Bundle, MemoryReplay, sign, Verifier } = countersign;

test('a signed Request is let through once', async () => {
  const verifier = verifierOf(countersign);
  const replay = new MemoryReplay();
  const plain = new Request(ORDER.url, { method: 'POST', body: ORDER.body, headers: ORDER.headers });
  const request = await sign(plain, k7(countersign));
  assert.equal(await plain.text(), ORDER.body, 'the request that was signed can still be used');

  const decision = await verifier.check(request, { replay });
  assert.ok(decision.allowed);
  assert.equal(decision.code, 'allowed');
  assert.equal(decision.action, 'place-order');
  assert.deepEqual(decision.resource, { type: 'Exchange', id: 'main' });
  assert.deepEqual(decision.reasons, ['trader-works-with-orders']);
  assert.deepEqual(decision.explanations, ['Trading keys may read, place and cancel orders.']);
  const record = JSON.parse(decision.record);
  assert.equal(record.keyid, 'k7');
  assert.equal(record.bundle.sha256, new Bundle(BUNDLE).sha256);
  assert.equal(await request.text(), ORDER.body, 'the request that was checked can still be used');

  const again = new Request(ORDER.url, { method: 'POST', body: ORDER.body, headers: request.headers });
  await assert.rejects(verifier.check(again, { replay }), refusal('replayed'));
});

test('a denial is an answer, not an exception', async () => {
  const verifier = verifierOf(countersign);
  const url = 'https://api.example.com/v1/withdrawals';
  const { headers } = await sign({ method: 'POST', url, headers: {} }, k7(countersign));
  const decision = await verifier.check({ method: 'POST', url, headers }, { replay: new MemoryReplay() });
  assert.equal(decision.allowed, false);
  assert.equal(decision.effect, 'deny');
  const response = decision.toResponse();
  assert.equal(response.status, 403);
  assert.equal(response.headers.get('content-type'), 'application/problem+json');
  assert.equal((await response.json()).code, decision.code);
});

test('without a policy requests are verified only', async () => {
  const verifier = new Verifier({ keyring: KEYRING, profile: { environment: 'live' } });
  const request = await signedOrder(countersign);
  const verified = await verifier.authenticate(request, { replay: new MemoryReplay(), now: NOW });
  assert.equal(verified.keyid, 'k7');
  assert.throws(() => verifier.authorize(verified), TypeError);
  await assert.rejects(verifier.check(request, { replay: new MemoryReplay(), now: NOW }), TypeError);
});

test('a stranger sees less than the operator', async () => {
  const verifier = verifierOf(countersign);
  const request = await signedOrder(countersign);
  const wrong = { ...request, headers: { ...request.headers, 'signature-input': request.headers['signature-input'].replace('k7', 'k8') } };
  const [unknown, altered] = await Promise.all(
    [wrong, { ...request, method: 'PUT' }].map((one) => verifier.verify(one, { now: NOW }).catch((error) => error)),
  );
  assert.equal(unknown.code, 'key_unknown');
  assert.match(unknown.message, /`k8`/);
  assert.equal(altered.code, 'signature_mismatch');
  assert.deepEqual(unknown.problem, altered.problem);
  assert.equal(unknown.publicCode, 'signature_refused');
  assert.equal(unknown.status, 401);
  assert.deepEqual(await unknown.toResponse().json(), altered.problem);
});

test('a refusal says where it stumbled', async () => {
  const headers = { Host: 'a.example', 'Signature-Input': 'sig1=("@method"', Signature: 'sig1=:AAAA:' };
  const error = await verifierOf(countersign)
    .verify({ method: 'GET', target: '/', headers })
    .catch((error) => error);
  assert.equal(error.code, 'signature_input_malformed');
  assert.equal(error.field, 'signature-input');
  assert.equal(typeof error.at, 'number');
});

test('a store outside is asked for the token', async () => {
  const asked = [];
  const store = {
    seen: new Set(),
    async spend(id, keepUntil) {
      asked.push([id, keepUntil]);
      const fresh = !this.seen.has(id);
      this.seen.add(id);
      return fresh ? 'fresh' : 'replayed';
    },
  };
  const verifier = verifierOf(countersign);
  const request = await signedOrder(countersign);
  assert.ok((await verifier.check(request, { replay: store, now: NOW })).allowed);
  await assert.rejects(verifier.check(request, { replay: store, now: NOW }), refusal('replayed'));
  assert.equal(asked.length, 2);
  assert.deepEqual(asked[0], asked[1]);
  assert.equal(asked[0][1], NOW + 330);
});

test('a store that fails, or says what it should not, fails closed', async () => {
  const verifier = verifierOf(countersign);
  const request = await signedOrder(countersign);
  const stores = [
    { spend: async () => { throw new Error('connection lost'); } },
    { spend: () => { throw new Error('connection lost'); } },
    { spend: async () => undefined },
    { spend: async () => true },
    { spend: async () => 'OK' },
    { spend: async () => 0 },
    { spend: async () => 'unavailable' },
    {},
  ];
  for (const replay of stores) {
    await assert.rejects(verifier.check(request, { replay, now: NOW }), refusal('replay_store_unavailable'));
  }
  const full = { spend: async () => 'full' };
  await assert.rejects(verifier.check(request, { replay: full, now: NOW }), refusal('replay_cache_full'));
  await assert.rejects(verifier.check(request, { now: NOW }), refusal('replay_store_unavailable'));
});

test('a memory replay cache that is full of live tokens refuses', async () => {
  const verifier = verifierOf(countersign);
  const replay = new MemoryReplay(1);
  await verifier.check(await signedOrder(countersign), { replay, now: NOW });
  await assert.rejects(verifier.check(await signedOrder(countersign), { replay, now: NOW }), refusal('replay_cache_full'));
  assert.throws(() => new MemoryReplay(0), refusal('options_malformed'));
});

test('bodies of any size and kind are bound to the signature', async () => {
  const verifier = verifierOf(countersign);
  for (const size of [0, 1, 16 * 1024 - 1, 16 * 1024, 300_000]) {
    const body = new Uint8Array(size).fill(65);
    for (const algorithm of ['sha-256', 'sha-512', 'both']) {
      const fields = ['sha-256', 'sha-512'].map((one) => countersign.contentDigest(body, one));
      const digest = { 'sha-256': fields[0], 'sha-512': fields[1], both: fields.join(', ') }[algorithm];
      const headers = size ? { 'content-digest': digest } : {};
      const request = await sign(new Request(ORDER.url, { method: 'POST', body, headers }), k7(countersign));
      await verifier.verify(request);
      if (size === 0) continue;
      const altered = body.slice();
      altered[size - 1] ^= 1;
      const forged = new Request(ORDER.url, { method: 'POST', body: altered, headers: request.headers });
      await assert.rejects(verifier.verify(forged), refusal('digest_mismatch'));
    }
    // Without the field, signing adds it.
    const request = await sign(new Request(ORDER.url, { method: 'POST', body }), k7(countersign));
    assert.equal(request.headers.get('content-digest'), size ? countersign.contentDigest(body) : null);
    await verifier.verify(request);
  }
});

test('both digests of a large body are checked', async () => {
  const body = new Uint8Array(20_000);
  const digest = `${countersign.contentDigest(body)}, ${countersign.contentDigest('other', 'sha-512')}`;
  const request = { ...ORDER, headers: { 'content-digest': digest }, body };
  await assert.rejects(sign(request, k7(countersign)), refusal('digest_mismatch'));
});

test('of a body over the limit no more is read than shows it', async () => {
  const verifier = verifierOf(countersign, { max_body: 20_000 });
  const signed = await sign(new Request(ORDER.url, { method: 'POST', body: new Uint8Array(20_000) }), k7(countersign));
  await verifier.verify(signed);
  let given = 0;
  const body = new ReadableStream({
    pull(controller) {
      given += 10_000;
      controller.enqueue(new Uint8Array(10_000));
    },
  });
  const endless = new Request(ORDER.url, { method: 'POST', body, duplex: 'half', headers: signed.headers });
  await assert.rejects(verifier.verify(endless), refusal('body_too_large'));
  assert.ok(given < 60_000, `${given} bytes were read`);
  const large = { ...ORDER, body: new Uint8Array(20_001), headers: Object.fromEntries(signed.headers) };
  await assert.rejects(verifier.verify(large), refusal('body_too_large'));
});

test('a header cannot break out of its line', async () => {
  const key = k7(countersign);
  const evil = [
    ['X-A', 'a\r\nX-B: b'],
    ['X-A', 'a\nX-B: b'],
    ['X-A', 'a\rX-B: b'],
    ['X-A', 'a\r\n'],
    ['X-A: b\r\nX-B', 'b'],
    [' X-A', 'b'],
    ['X-A\u2028', 'b'],
    ['', 'b'],
  ];
  for (const line of evil) {
    const error = await sign({ ...ORDER, headers: [['Host', 'a.example'], line] }, key).catch((error) => error);
    assert.ok(['headers_malformed', 'header_not_ascii'].includes(error.code), JSON.stringify(line));
  }
  const folded = [['Host', 'a.example'], ['X-A', 'a\r\n b'], ['Signature-Input', 's=("x-a")']];
  assert.match(countersign.inspect({ method: 'GET', target: '/', headers: folded }).base, /^"x-a": a b\n/);
});

test('the query is signed as it stands in the URL', async () => {
  const targets = { 'https://a.example': '/', 'https://a.example?': '/?', 'https://a.example/b?c#d': '/b?c', 'https://a.example/b?': '/b?' };
  for (const [url, target] of Object.entries(targets)) {
    const request = { method: 'GET', url, headers: { 'signature-input': 's=("@request-target")' } };
    assert.match(countersign.inspect(request).base, new RegExp(`^"@request-target": ${target.replace('?', '\\?')}\n`));
    const standard = new Request(url, { headers: request.headers });
    assert.equal(countersign.inspect(standard).base, countersign.inspect(request).base);
  }
});

test('a request that Node received is verified as it was sent', async (t) => {
  const verifier = verifierOf(countersign);
  async function answer(incoming, response) {
    const request = fromIncoming(incoming, Buffer.concat(await incoming.toArray()));
    assert.equal(request.scheme, 'http');
    assert.match(request.peer, /127\.0\.0\.1/);
    const outcome = await verifier.check(request, { replay: new MemoryReplay() }).catch((error) => error);
    response.end(outcome.code);
  }

  await t.test('HTTP/1.1', async () => {
    const server = createServer(answer);
    const url = await listen(server, '/v1/orders');
    const request = await sign(new Request(url, { method: 'POST', body: ORDER.body }), k7(countersign));
    assert.equal(await (await fetch(request)).text(), 'allowed');
    server.close();
    server.closeAllConnections();
  });

  await t.test('HTTP/2', async () => {
    const server = http2.createServer(answer);
    const url = await listen(server, '/v1/orders');
    const { headers } = await sign({ ...ORDER, url }, k7(countersign));
    const client = http2.connect(url);
    const call = client.request({ ':method': 'POST', ':path': '/v1/orders', ...ORDER.headers, ...headers });
    call.end(ORDER.body);
    assert.equal(Buffer.concat(await call.toArray()).toString(), 'allowed');
    client.close();
    server.close();
  });
});

async function listen(server, path) {
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${server.address().port}${path}`;
}

test('keys and policy can be replaced', async () => {
  const verifier = verifierOf(countersign);
  const request = await signedOrder(countersign);
  const revoked = { keys: [{ ...KEYRING.keys[0], revoked: true }] };
  verifier.replaceKeyring(JSON.stringify(revoked));
  await assert.rejects(verifier.verify(request, { now: NOW }), refusal('key_revoked'));
  assert.throws(() => verifier.replaceKeyring({ keys: 1 }), refusal('keyring_malformed'));
  await assert.rejects(verifier.verify(request, { now: NOW }), refusal('key_revoked'), 'the keys stay as they were');
  verifier.replaceKeyring(Buffer.from(JSON.stringify(KEYRING)));
  await verifier.verify(request, { now: NOW });
});

test('times and nonces are as the caller gives them', async () => {
  const verifier = verifierOf(countersign);
  await assert.rejects(verifier.verify(await signedOrder(countersign), { now: NOW + 331 }), refusal('too_old'));
  await assert.rejects(verifier.verify(await signedOrder(countersign), { now: NOW * 1000 }), refusal('too_old'));
  await assert.rejects(verifier.verify(await signedOrder(countersign), { now: Number.NaN }), refusal('created_in_future'));
  await assert.rejects(verifier.verify(await signedOrder(countersign, { nonce: null }), { now: NOW }), refusal('nonce_missing'));
  const inputs = await Promise.all([1, 2].map(async () => (await signedOrder(countersign)).headers['signature-input']));
  assert.notEqual(inputs[0], inputs[1]);
});

test('a second signature goes beside the first', async () => {
  const first = await sign(new Request(ORDER.url), k7(countersign), { created: NOW });
  const both = await sign(first, k7(countersign), { label: 'sig2', created: NOW, tag: 'audit' });
  assert.equal(countersign.inspect(both, 'sig1').label, 'sig1');
  assert.equal(countersign.inspect(both, 'sig2').label, 'sig2');
  await verifierOf(countersign, { tag: 'audit' }).verify(both, { now: NOW });
  assert.throws(() => countersign.inspect(both), refusal('signature_ambiguous'));
});
