/** The libraries of senders of webhooks sign and our rows verify; our rows sign and the libraries verify. */

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';

import * as octokit from '@octokit/webhooks-methods';
import { Webhook } from 'standardwebhooks';
import Stripe from 'stripe';

import { Credentials, Scheme } from '../../wasm/js/dist/schemes/adapter/node.js';
import { fields, loopback, refused, send, withOtherBody } from './loopback.mjs';

const BODY = '{"type":"invoice.paid","object":"event","name":"Zoë"}';
const stripe = new Stripe('sk_test_none');

/** How each library signs a body, as header fields, and whether it takes what arrived. */
const LIBRARIES = {
  standardwebhooks: {
    row: 'standard-webhooks',
    secret: () => `whsec_${randomBytes(24).toString('base64')}`,
    sign(secret) {
      const now = new Date();
      const signature = new Webhook(secret).sign('msg_1', now, BODY);
      return { 'webhook-id': 'msg_1', 'webhook-timestamp': String(Math.floor(now / 1000)), 'webhook-signature': signature };
    },
    accepts: ({ body, headers }, secret) => succeeds(() => new Webhook(secret).verify(body, headers)),
  },
  stripe: {
    row: 'stripe',
    secret: () => `whsec_${randomBytes(24).toString('base64')}`,
    sign: (secret) => ({ 'stripe-signature': stripe.webhooks.generateTestHeaderString({ payload: BODY, secret }) }),
    accepts: ({ body, headers }, secret) => succeeds(() => stripe.webhooks.constructEvent(body, headers['stripe-signature'], secret)),
  },
  '@octokit/webhooks-methods': {
    row: 'github',
    secret: () => randomBytes(20).toString('hex'),
    sign: async (secret) => ({ 'x-hub-signature-256': await octokit.sign(secret, BODY) }),
    accepts: ({ body, headers }, secret) => octokit.verify(secret, String(body), headers['x-hub-signature-256']),
  },
};

for (const [name, { row, secret, sign, accepts }] of Object.entries(LIBRARIES)) {
  const scheme = Scheme.named(row);
  const [given, other] = [secret(), secret()];
  const credentials = new Credentials({ secret: given });

  test(`${name} signs, we verify by ${row}`, async (context) => {
    const server = await loopback(context);
    await send({ url: `${server.origin}/hook`, method: 'POST', headers: await sign(given), body: BODY });
    const arrived = server.arrived();
    assert.equal((await scheme.verify(arrived, credentials)).coversBody, true);
    const wrong = await refused(scheme.verify(arrived, new Credentials({ secret: other })));
    const body = await refused(scheme.verify(withOtherBody(arrived), credentials));
    console.log(`${name} -> ${row}: verified; other secret ${wrong}, other body ${body}`);
  });

  test(`we sign by ${row}, ${name} verifies`, async (context) => {
    const server = await loopback(context);
    const request = { url: `${server.origin}/hook`, method: 'POST', headers: { 'content-type': 'application/json' }, body: BODY };
    await send(await scheme.sign(request, credentials));
    const arrived = server.arrived();
    const verdict = (one, key) => accepts({ body: one.body, headers: fields(one) }, key);
    assert.equal(await verdict(arrived, given), true);
    assert.equal(await verdict(arrived, other), false);
    assert.equal(await verdict(withOtherBody(arrived), given), false);
    console.log(`${row} -> ${name}: verified; other secret and other body refused`);
  });
}

test('stripe takes a timestamp in the future, our row does not', async (context) => {
  const server = await loopback(context);
  const { row, secret, accepts } = LIBRARIES.stripe;
  const key = secret();
  const timestamp = Math.floor(Date.now() / 1000) + 3600;
  const headers = { 'stripe-signature': stripe.webhooks.generateTestHeaderString({ payload: BODY, secret: key, timestamp }) };
  await send({ url: `${server.origin}/hook`, method: 'POST', headers, body: BODY });
  const arrived = server.arrived();
  assert.equal(accepts({ body: arrived.body, headers: fields(arrived) }, key), true);
  const code = await refused(Scheme.named(row).verify(arrived, new Credentials({ secret: key })));
  assert.equal(code, 'created_in_future');
  console.log(`stripe, an hour ahead: stripe accepts, our row refuses with ${code}`);
});

test('standardwebhooks reads a timestamp up to its first letter, our row does not', async (context) => {
  const server = await loopback(context);
  const { row, secret, sign, accepts } = LIBRARIES.standardwebhooks;
  const key = secret();
  const headers = sign(key);
  headers['webhook-timestamp'] += 'abc';
  await send({ url: `${server.origin}/hook`, method: 'POST', headers, body: BODY });
  const arrived = server.arrived();
  assert.equal(accepts({ body: arrived.body, headers: fields(arrived) }, key), true);
  const code = await refused(Scheme.named(row).verify(arrived, new Credentials({ secret: key })));
  console.log(`standardwebhooks, letters after the timestamp: standardwebhooks accepts, our row refuses with ${code}`);
});

test('the libraries decode the body before they hash it: bytes that are not UTF-8 fail there, not here', async (context) => {
  const server = await loopback(context);
  const body = Uint8Array.of(0x7b, 0xff, 0x7d);
  for (const [name, { row, secret, accepts }] of Object.entries(LIBRARIES)) {
    const key = secret();
    const [scheme, credentials] = [Scheme.named(row), new Credentials({ secret: key })];
    await send(await scheme.sign({ url: `${server.origin}/hook`, method: 'POST', headers: {}, body }, credentials));
    const arrived = server.arrived();
    await scheme.verify(arrived, credentials);
    assert.equal(await accepts({ body: arrived.body, headers: fields(arrived) }, key), false);
    console.log(`${row} -> ${name}, bytes that are not UTF-8: our row verifies, ${name} refuses`);
  }
});

/** Whether it returns; an error that isn't about the signature is an error of the test. */
function succeeds(verifying) {
  try {
    verifying();
    return true;
  } catch (error) {
    assert.match(error.constructor.name, /Verification/, error.stack);
    return false;
  }
}
