import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { test } from 'node:test';

import * as countersign from 'countersign';

import { k7, verifierOf } from './fixtures.mjs';

const { MemoryReplay, Refusal, signedFetch } = countersign;
const HOUR = 3600;

/** A server that verifies, whose clock is `ahead` seconds ahead of the machine's. It counts what it is sent. */
async function server(context, ahead, { exposesDate = true } = {}) {
  const verifier = verifierOf(countersign);
  const replay = new MemoryReplay();
  const now = () => Math.floor(Date.now() / 1000) + ahead;
  const seen = [];
  const listener = createServer(async (request, response) => {
    const pieces = [];
    for await (const piece of request) pieces.push(piece);
    response.sendDate = false;
    if (exposesDate) response.setHeader('Date', new Date(now() * 1000).toUTCString());
    try {
      const headers = Object.entries(request.headers).map(([name, value]) => [name, String(value)]);
      const plain = { method: request.method, target: request.url, scheme: 'http', headers, body: Buffer.concat(pieces) };
      await verifier.authenticate(plain, { now: now(), replay });
      seen.push('accepted');
      response.end(Buffer.concat(pieces));
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      seen.push(error.code);
      response.statusCode = error.status;
      response.end();
    }
  });
  await new Promise((resolve) => listener.listen(0, '127.0.0.1', resolve));
  context.after(() => listener.close());
  return { seen, url: `http://127.0.0.1:${listener.address().port}/v1/orders` };
}

test('it is called as fetch is, and signs', async (context) => {
  const { seen, url } = await server(context, 0);
  const fetch = signedFetch(k7(countersign));
  const answer = await fetch(url, { method: 'POST', body: '{"size":"0.1"}' });
  assert.equal(await answer.text(), '{"size":"0.1"}');
  await fetch(new URL(url));
  await fetch(new Request(url, { headers: { accept: '*/*' } }));
  assert.deepEqual(seen, ['accepted', 'accepted', 'accepted']);
});

for (const [way, ahead, code] of [['slow', HOUR / 2, 'too_old'], ['fast', -HOUR / 2, 'created_in_future']]) {
  test(`a clock that is ${way} is corrected once, and stays so`, async (context) => {
    const { seen, url } = await server(context, ahead);
    const fetch = signedFetch(k7(countersign));
    assert.equal((await fetch(url, { method: 'POST', body: 'a' })).status, 200);
    assert.equal((await fetch(url, { method: 'POST', body: 'b' })).status, 200);
    // The nonce of what was refused isn't used again: it would be a replay.
    assert.deepEqual(seen, [code, 'accepted', 'accepted']);
  });
}

test('a server cannot move the clock further than allowed', async (context) => {
  const { seen, url } = await server(context, 2 * HOUR);
  assert.equal((await signedFetch(k7(countersign))(url)).status, 401);
  assert.equal((await signedFetch(k7(countersign), { maxSkew: 3 * HOUR })(url)).status, 200);
  assert.deepEqual(seen, ['too_old', 'too_old', 'accepted']);
});

test('without Date, and for other refusals, nothing is sent twice', async (context) => {
  const { seen, url } = await server(context, HOUR / 2, { exposesDate: false });
  assert.equal((await signedFetch(k7(countersign))(url)).status, 401);
  const right = await server(context, 0);
  const stranger = countersign.SigningKey.open('nobody', new Uint8Array(32));
  assert.equal((await signedFetch(stranger)(right.url)).status, 401);
  assert.deepEqual([seen, right.seen], [['too_old'], ['key_unknown']]);
});

test('what sends, the clock, and the lifetime can be chosen', async () => {
  const sent = [];
  const fetch = signedFetch(k7(countersign), {
    fetch: async (request) => {
      sent.push(request);
      return new Response();
    },
    clock: () => 1_800_000_000_999,
    lifetime: 60,
    tag: 'orders',
  });
  await fetch('https://api.example.com/v1/orders');
  const input = sent[0].headers.get('signature-input');
  assert.match(input, /;created=1800000000;expires=1800000060;nonce="[0-9a-f]{32}";keyid="k7";tag="orders"$/);
});
