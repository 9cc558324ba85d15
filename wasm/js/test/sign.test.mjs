/** The module that only signs gives the bytes that the others do, and that vendors publish. */

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';

import { sign } from 'countersign';
import { Credentials, Scheme } from 'countersign/schemes';
import { Signer } from 'countersign/sign';
import { codes } from 'countersign/sign/codes';

import { k7, NOW, ORDER, SECRET } from './fixtures.mjs';
import { casesOf, isThere, requestOf, rowOf, senderOf } from './vendor-cases.mjs';
import * as countersign from 'countersign';

const rows = new URL('../../../core/schemes/', import.meta.url);
const row = (name) => readFileSync(new URL(`${name}.toml`, rows), 'utf8');
const names = readdirSync(rows).map((file) => file.replace('.toml', ''));
const isSigned = (name) => /^algorithm = "hmac-sha(256|384|512)"/m.test(row(name));

const refusal = (code, subject) => (error) =>
  error.name === 'Refusal' && codes[error.code] === code && (subject === undefined || error.subject === subject);

const URLS = [
  'https://api.example.com/',
  'https://API.example.com:8443/v1/../orders/%7Ba%7D?b=2&a=%20x%26y&a=1+2&c',
  'http://api.example.com?symbol=BTC-USD&recvWindow=5000',
];
const BODIES = [
  undefined,
  '{"method":"private/create-order","id":11,"params":{"price":"5","b":[1,{"z":"\\u00e9"}]},"nonce2":1}',
  'pair=XBTUSD&type=buy&note=a%20b',
  new Uint8Array([0, 1, 2, 250]),
];
const SENDER = {
  keyid: 'key-1',
  passphrase: 'pass phrase',
  options: { region: 'us-east-1', service: 'iam', recvWindow: '6000', ext: 'some-data', 'session-token': 'token' },
};

function secretOf(name) {
  if (/^secret = "base64"/m.test(row(name))) return 'c2VjcmV0IHNlY3JldA==';
  return /^secret = "whsec"/m.test(row(name)) ? 'whsec_c2VjcmV0IHNlY3JldA==' : 'a secret of the vendor';
}

const outcome = async (run) => {
  try {
    return await run();
  } catch (error) {
    if (error.name !== 'Refusal') throw error;
    return typeof error.code === 'number' ? codes[error.code] : error.code;
  }
};

for (const name of names.filter(isSigned)) {
  test(`${name} is signed as by the module of schemes`, async () => {
    const sender = { ...SENDER, secret: secretOf(name) };
    const [scheme, credentials, signer] = [Scheme.named(name), new Credentials(sender), new Signer({ ...sender, scheme: name })];
    let count = 0;
    for (const url of URLS) {
      for (const body of BODIES) {
        for (const method of ['GET', 'POST']) {
          const request = { method, url, headers: { 'Content-Type': 'Text/Plain; a=b', 'X-Other': 'a   b' }, body };
          const moment = { now: 1_700_000_000_123, nonce: '1700000000456' };
          const expected = await outcome(() => scheme.sign(request, credentials, moment));
          const found = await outcome(() => signer.sign(request, moment));
          assert.deepEqual(found, expected, `${method} ${url}`);
          count += typeof found === 'object' ? 1 : 0;
        }
      }
    }
    assert.ok(count > 0, 'nothing was signed');
    signer.close();
  });
}

for (const family of ['exchanges', 'webhooks']) {
  const skip = isThere(family) ? false : `skipped: the vectors of ${family} are not there`;
  test(`${family}: requests that others made are signed as by the module of schemes`, { skip }, async (context) => {
    const moment = { now: 1_700_000_000_123, nonce: '1700000000456' };
    const counts = {};
    for (const one of casesOf(family)) {
      const [name, sender, request] = [rowOf(one), senderOf(one), requestOf(one)];
      if (!isSigned(name)) continue;
      const expected = await outcome(() => Scheme.named(name).sign(request, new Credentials(sender), moment));
      const found = await outcome(() => new Signer({ ...sender, scheme: name }).sign({ ...request, url: request.target }, moment));
      assert.deepEqual(parts(found), parts(expected), one.name);
      const kind = typeof found === 'string' ? found : name;
      counts[kind] = (counts[kind] ?? 0) + 1;
    }
    context.diagnostic(Object.entries(counts).map(([kind, count]) => `${kind} ${count}`).join(', '));
  });
}

/** What is sent, however it is called; a refusal's code is itself. */
const parts = (sent) => (typeof sent === 'string' ? sent : { ...sent, url: undefined, target: sent.url ?? sent.target });

test('what has no HMAC that signs is unknown', () => {
  const others = names.filter((name) => !isSigned(name));
  assert.deepEqual(others, ['binance-ed25519', 'hawk-sha1', 'standard-webhooks-ed25519', 'twilio']);
  for (const scheme of others) {
    assert.throws(() => new Signer({ scheme, secret: 'secret' }), refusal('scheme_unknown', scheme));
  }
});

const lower = (headers) => Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));

test('a nonce is made unless it is given', () => {
  const signer = new Signer({ keyid: 'k7', secret: Buffer.from(SECRET, 'base64') });
  const input = (moment) => signer.sign(ORDER, moment).headers['Signature-Input'];
  assert.match(input({}), /;nonce="[0-9a-f]{32}";/);
  assert.notEqual(input({}), input({}));
  assert.doesNotMatch(input({ nonce: '' }), /nonce/);
});

test('RFC 9421 is signed as by the full module', async () => {
  const signer = new Signer({ keyid: 'k7', secret: Buffer.from(SECRET, 'base64') });
  for (const body of [ORDER.body, '']) {
    for (const options of [{ nonce: 'n-1' }, { nonce: 'n-1', tag: 'orders', label: 'order', expires: NOW + 60 }, { nonce: 'n-1', components: ['@method', '@target-uri', '"@query-param";name="dry"', 'content-type'] }]) {
      const request = { ...ORDER, body };
      const { headers } = await sign(request, k7(countersign), { ...options, created: NOW });
      const signed = signer.sign(request, { ...options, now: NOW * 1000 + 999 });
      assert.deepEqual(lower(signed.headers), lower({ ...ORDER.headers, ...headers }));
    }
  }
});

test('a token signs as its key does in the full module', async () => {
  const token = countersign.generateToken('live', 'k7');
  const options = { nonce: 'n-1' };
  const { headers } = await sign(ORDER, countersign.SigningKey.fromToken(token), { ...options, created: NOW });
  const signed = new Signer({ secret: token }).sign(ORDER, { ...options, now: NOW * 1000 });
  assert.deepEqual(lower(signed.headers), lower({ ...ORDER.headers, ...headers }));

  assert.throws(() => new Signer({ secret: token.replace('_live_', '_test_') }), refusal('token_checksum_mismatch'));
  assert.throws(() => new Signer({ secret: token.replace('_live_', '_prod_') }), refusal('token_malformed'));
  assert.throws(() => new Signer({ keyid: 'k7', secret: token }), refusal('keyid_malformed', 'keyid'));
});

test('signatures are those that were published', () => {
  const b25 = new Signer({ keyid: 'test-shared-secret', secret: Buffer.from('uzvJfB4u3N0Jy4T7NZ75MDVcr8zSTInedJtkgcu46YW4XByzNJjxBdtjUkdJPBtbmHhIDi6pcl8jsasjlTMtDQ==', 'base64') });
  const signed = b25.sign({
    method: 'POST',
    url: 'https://example.com/foo?param=Value&Pet=dog',
    headers: { Date: 'Tue, 20 Apr 2021 02:07:55 GMT', 'Content-Type': 'application/json' },
    body: '{"hello": "world"}',
  }, { now: 1618884473000, nonce: '', label: 'sig-b25', components: ['date', '@authority', 'content-type'] });
  assert.equal(signed.headers.Signature, 'sig-b25=:pxcQw6G3AjtMBQjwo8XzkZf/bws5LelbaMk5rGIGtE8=:', 'RFC 9421 B.2.5');

  const aws = new Signer({ scheme: 'aws-sigv4', keyid: 'AKIDEXAMPLE', secret: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY', options: { region: 'us-east-1', service: 'service' } });
  const vanilla = aws.sign({ url: 'https://example.amazonaws.com/' }, { now: Date.UTC(2015, 7, 30, 12, 36) });
  assert.match(vanilla.headers.Authorization, /Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31$/, 'get-vanilla');

  const github = new Signer({ scheme: 'github', secret: "It's a Secret to Everybody" });
  assert.equal(
    github.sign({ method: 'POST', url: 'https://hooks.example/', body: 'Hello, World!' }).headers['X-Hub-Signature-256'],
    'sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17',
  );

  const kraken = new Signer({ scheme: 'kraken', keyid: 'key', secret: 'kQH5HW/8p1uGOVjbgWA7FunAmGO8lsSUXNsu3eow76sz84Q18fWxnyRzBHCd3pd5nE9qa99HAZtuZuj6F1huXg==' });
  const body = 'nonce=1616492376594&ordertype=limit&pair=XBTUSD&price=37500&type=buy&volume=1.25';
  assert.equal(
    kraken.sign({ method: 'POST', url: 'https://api.kraken.com/0/private/AddOrder', body }).headers['API-Sign'],
    '4/dpxb3iT4tp/ZCVEwSnEsLxx0bqyhLpdfOpc6fn7OR8+UClSV5n9E6aSS8MPtnRfp32bAb0nmbRn6H8ndwLUQ==',
  );

  const s3 = new Signer({ scheme: 'aws-sigv4', keyid: 'AKIAIOSFODNN7EXAMPLE', secret: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY', options: { region: 'us-east-1', service: 's3' } });
  const seed = '4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9';
  const first = s3.chunk('20130524T000000Z', seed, 'a'.repeat(65536));
  assert.equal(first, 'ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648');
  const second = s3.chunk('20130524T000000Z', first, 'a'.repeat(1024));
  assert.equal(second, '0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497');
  assert.equal(s3.chunk('20130524T000000Z', second, ''), 'b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9');
});

test('weak and malformed secrets are refused, and none is told', () => {
  assert.throws(() => new Signer({ keyid: 'k7', secret: 'too short' }), refusal('secret_too_short'));
  assert.throws(() => new Signer({ keyid: 'k"7', secret: 'x'.repeat(32) }), refusal('keyid_malformed'));
  assert.throws(() => new Signer({ scheme: 'kraken', keyid: 'k', secret: 'not base64!' }), (error) =>
    refusal('secret_malformed', '')(error) && !JSON.stringify([error, error.message]).includes('base64'));
  assert.throws(() => new Signer({ scheme: 'github', secret: 'secret\n' }), refusal('secret_malformed'));
});

test('nothing can put a line into a header', () => {
  const of = (init) => new Signer({ scheme: 'okx', keyid: 'k', secret: 's', passphrase: 'p', ...init });
  for (const wrong of ['a\r\nb', 'a\nb', 'a\0b']) {
    assert.throws(() => of({ keyid: wrong }), refusal('options_malformed', 'keyid'));
    assert.throws(() => of({ passphrase: wrong }), refusal('options_malformed', 'passphrase'));
    assert.throws(() => of({ options: { region: wrong } }), refusal('options_malformed', 'region'));
    const signed = { url: 'https://example.com/', headers: { 'X-A': wrong } };
    assert.throws(() => of({}).sign(signed), refusal('headers_malformed', 'X-A'));
    assert.throws(() => new Signer({ scheme: 'slack', secret: 's' }).sign({ url: `https://example.com/${wrong}` }), refusal('target_malformed'));
  }
});

test('a signer that is closed signs no more', () => {
  const signer = new Signer({ scheme: 'slack', secret: 'secret' });
  signer.close();
  assert.throws(() => signer.sign({ url: 'https://example.com/' }), refusal('handle_unknown'));
  signer.close();
});

test('a body that is longer than the memory is given more', () => {
  const signer = new Signer({ scheme: 'github', secret: 'secret' });
  const body = new Uint8Array(3_000_000).fill(97);
  const { headers } = signer.sign({ method: 'POST', url: 'https://example.com/', body });
  assert.match(headers['X-Hub-Signature-256'], /^sha256=[0-9a-f]{64}$/);
});
