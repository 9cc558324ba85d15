import assert from 'node:assert/strict';
import { createHash, generateKeyPairSync, sign as signBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { Bundle, Entities, pinPublishers, QueryWriter } from 'countersign';

import { refusal } from './fixtures.mjs';

const BYTES = readFileSync(new URL('trading-api.bundle', import.meta.url));
const uid = (type, id) => ({ type, id });
const extension = (fn, arg) => ({ __extn: { fn, arg } });
const ip = (arg) => extension('ip', arg);
const KEYS = [
  { uid: uid('ApiKey', 'k7'), attrs: { environment: 'live' }, parents: [uid('Group', 'trader')] },
  { uid: uid('ApiKey', 'k8'), attrs: { environment: 'live', ip_allow_list: [ip('203.0.113.7')] }, parents: [uid('Group', 'withdrawer')] },
];

function ask(entities, id, action, context) {
  return entities.decide({ principal: uid('ApiKey', id), action: uid('Action', action), resource: uid('Exchange', 'main'), context });
}

test('policy alone is asked about linked entities', () => {
  const entities = new Entities(new Bundle(BYTES), KEYS);
  const order = ask(entities, 'k7', 'place-order');
  assert.deepEqual(order, { effect: 'allow', reasons: ['trader-works-with-orders'], errors: [] });
  assert.equal(ask(entities, 'k8', 'place-order').effect, 'deny');
  assert.equal(ask(entities, 'nobody', 'place-order').effect, 'deny');
  assert.equal(ask(entities, 'k8', 'withdraw', { client_ip: ip('203.0.113.7') }).effect, 'allow');
  assert.equal(ask(entities, 'k8', 'withdraw', { client_ip: ip('198.51.100.1') }).effect, 'deny');
});

test('any Cedar value crosses in the compact form', () => {
  const entities = new Entities(new Bundle(BYTES), KEYS);
  const context = {
    short: 'a',
    'naïve': 'größer ✓',
    long: 'x'.repeat(5000),
    numbers: [0, -1, Number.MAX_SAFE_INTEGER, -(2n ** 63n)],
    nested: { yes: true, no: false, who: { __entity: uid('ApiKey', 'k8') }, where: ip('10.0.0.0/8') },
  };
  assert.equal(ask(entities, 'k7', 'place-order', context).effect, 'allow');
});

test('values of the extension types cross as they are written in JSON', () => {
  const bytes = readFileSync(new URL('zero-trust-admin.bundle', import.meta.url));
  const attrs = { environment: { __entity: uid('Environment', 'live') } };
  const entities = new Entities(new Bundle(bytes), [{ uid: uid('Admin', 'a1'), attrs, parents: [uid('Role', 'operator')] }]);
  const now = extension('datetime', '2027-01-15T08:02:00Z');
  const rotate = (second_factor_at) =>
    entities.decide({
      principal: uid('Admin', 'a1'),
      action: uid('Action', 'rotate-key'),
      resource: uid('Environment', 'live'),
      context: { now, second_factor_at, price: extension('decimal', '1.25'), wait: extension('duration', '1h') },
    });
  assert.deepEqual(rotate(extension('datetime', '2027-01-15T08:00:00Z')).reasons, ['operator-changes-live-keys']);
  assert.notDeepEqual(rotate(extension('datetime', '2027-01-15T07:00:00Z')).reasons, ['operator-changes-live-keys']);
  for (const wrong of [extension('datetime', 'noon'), extension('time', '08:00'), extension('decimal', '1')]) {
    assert.throws(() => rotate(wrong), refusal('context_malformed'));
  }
});

test('what Cedar has not, is refused here', () => {
  const writer = new QueryWriter();
  const query = (value) => ({ principal: uid('A', '1'), action: uid('Action', 'a'), resource: uid('R', '1'), context: { value } });
  for (const value of [1.5, Number.NaN, 2 ** 53, null, undefined, () => 1, { __extn: { fn: 'ip' } }, extension('ip', 1)]) {
    assert.throws(() => writer.write(query(value)), TypeError);
  }
});

test('a query that is none is refused', () => {
  const entities = new Entities(new Bundle(BYTES), KEYS);
  const good = new QueryWriter().write({ principal: uid('A', '1'), action: uid('Action', 'a'), resource: uid('R', '1') }).slice();
  for (let length = 0; length < good.length; length++) {
    assert.throws(() => entities.decideCompact(good.subarray(0, length)), refusal('context_malformed'));
  }
  assert.throws(() => entities.decideCompact(Uint8Array.of(...good, 0)), refusal('context_malformed'));
});

test('entities that are none are refused', () => {
  const bundle = new Bundle(BYTES);
  const looped = { uid: uid('Group', 'x'), parents: [uid('Group', 'x')] };
  for (const entities of ['[', '{}', [{}], [looped]]) {
    assert.throws(() => new Entities(bundle, entities), refusal('entities_malformed'));
  }
});

// The last: it can't be undone. Signed by node:crypto, after docs/bundle-format.md.
test('once publishers are pinned, only what they signed is opened', () => {
  const length = BYTES.readUInt32LE(12);
  const message = Buffer.concat([
    Buffer.from('countersign bundle v1\0\0\0'),
    createHash('sha256').update(BYTES.subarray(0, length)).digest(),
  ]);
  const publisher = () => {
    const { privateKey, publicKey } = generateKeyPairSync('ed25519');
    const raw = Buffer.from(publicKey.export({ format: 'jwk' }).x, 'base64url');
    const block = Buffer.concat([Buffer.from([4]), Buffer.from('acme'), signBytes(null, message, privateKey)]);
    return { key: raw.toString('base64'), signed: Buffer.concat([BYTES, block]) };
  };
  const [one, two] = [publisher(), publisher()];
  const pin = ({ key }, more) => pinPublishers({ publishers: [{ name: 'acme', public_key: key }], ...more });

  for (const keys of [{}, { publishers: [] }, { publishers: [{ name: 'acme', public_key: 'AAAA' }] }]) {
    assert.throws(() => pinPublishers(keys), refusal('publishers_malformed'));
  }
  assert.equal(new Bundle(BYTES).name, 'trading-api');
  pin(one);
  assert.throws(() => new Bundle(BYTES), refusal('bundle_unsigned'));
  assert.throws(() => new Bundle(two.signed), refusal('bundle_signature_mismatch'));
  assert.equal(new Bundle(one.signed).name, 'trading-api');
  pin(two);
  assert.throws(() => new Bundle(one.signed), refusal('bundle_signature_mismatch'));
  assert.equal(new Bundle(two.signed).name, 'trading-api');
  pin(two, { at_least: { 'trading-api': '99.0.0' } });
  assert.throws(() => new Bundle(two.signed), refusal('bundle_older'));
  assert.throws(() => pinPublishers({ publishers: [] }), refusal('publishers_malformed'));
  assert.throws(() => new Bundle(BYTES), refusal('bundle_unsigned'));
});
