import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { test } from 'node:test';

import * as countersign from 'countersign';
import { Credentials, fromIncoming, Refusal, Scheme } from 'countersign/schemes';

import { initSync as complete } from '../generated/countersign-complete.js';
import { initSync as full } from '../generated/countersign.js';
import { initSync as schemes } from '../generated/countersign-schemes.js';
import { refusal } from './fixtures.mjs';

/** A time, in milliseconds since 1970. */
const NOW = 1_700_000_000_123;

/** The built-in rows. */
const NAMES = readdirSync(new URL('../../../core/schemes/', import.meta.url)).map((file) => file.replace('.toml', ''));

const MINUTE = 60_000;

const BASE64 = Buffer.alloc(32, 7).toString('base64');

/** Credentials that the scheme takes. */
function credentialsOf(name, more = {}) {
  const pkcs8 = 'MC4CAQAwBQYDK2VwBCIEIJ+DYvh6SEqVTm50DFtMDoQikTmiCqirVv9mWG9qfSnF';
  const secrets = {
    'binance-ed25519': pkcs8,
    'coinbase-exchange': BASE64,
    kraken: BASE64,
    'kraken-json': BASE64,
    'standard-webhooks': `whsec_${BASE64}`,
    'standard-webhooks-ed25519': 'whsk_n4Ni+HpISpVObnQMW0wOhCKROaIKqKtW/2ZYb2p9KcU=',
    svix: BASE64,
  };
  const options = { region: 'eu-west-1', service: 'execute-api' };
  return new Credentials({ keyid: 'key', secret: secrets[name] ?? 'a secret', passphrase: 'a phrase', options, ...more });
}

/** A request of the kind that the scheme is for. */
function requestFor(name) {
  const bodies = {
    'crypto-com': '{"id":1,"method":"private/x","params":{"a":"b","c":[1,{"d":true}]}}',
    gemini: '{"symbol":"btcusd"}',
    kraken: 'pair=XBTUSD',
    'kraken-json': '{"pair":"XBTUSD"}',
  };
  const url = 'https://api.example.com/v1/orders';
  const headers = { 'Content-Type': 'text/plain' };
  if (name in bodies) return { method: 'POST', url, headers, body: bodies[name] };
  const isQueryOnly = ['bingx', 'htx', 'shopify-oauth', 'shopify-app-proxy', 'mexc'].includes(name);
  if (isQueryOnly) return { method: 'GET', url: `${url}?a=%2Fb`, headers };
  return { method: 'POST', url: `${url}?a=%2Fb`, headers, body: 'amount=1' };
}

/** A request object of a plain one. */
function standard({ url, ...init }) {
  return new Request(url, init);
}

// The vendors' own examples, but for Stripe's, which stripe-node 23.1.0 signed.
const PUBLISHED = [
  {
    scheme: 'stripe',
    secret: 'whsec_test_secret',
    now: 1_700_000_000_000,
    request: {
      method: 'POST',
      target: '/',
      headers: { 'Stripe-Signature': 't=1700000000,v1=aee09a6c66fcf06074fd996925a9066f41977db4fc1cb4a201fd2b3af331348c' },
      body: '{"a":1}\r\n',
    },
  },
  {
    scheme: 'github',
    secret: "It's a Secret to Everybody",
    now: NOW,
    request: {
      method: 'POST',
      target: '/',
      headers: { 'X-Hub-Signature-256': 'sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17' },
      body: 'Hello, World!',
    },
  },
  {
    scheme: 'slack',
    secret: '8f742231b10e8888abcd99yyyzzz85a5',
    now: 1_531_420_618_000,
    request: {
      method: 'POST',
      target: '/',
      headers: {
        'X-Slack-Request-Timestamp': '1531420618',
        'X-Slack-Signature': 'v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503',
      },
      body: 'token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c',
    },
  },
  {
    scheme: 'standard-webhooks',
    secret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
    now: 1_614_265_330_000,
    nonce: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
    request: {
      method: 'POST',
      target: '/',
      headers: {
        'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
        'webhook-timestamp': '1614265330',
        'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
      },
      body: '{"test": 2432232314}',
    },
  },
  {
    scheme: 'binance',
    keyid: 'vmPUZE6mv9SD5VNHk4HlWFsOr6aKE2zvsw0MuIgwCIPy6utIco14y7Ju91duEh8A',
    secret: 'NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j',
    now: 1_499_827_320_000,
    request: {
      method: 'POST',
      target: '/api/v3/order',
      headers: { 'X-MBX-APIKEY': 'vmPUZE6mv9SD5VNHk4HlWFsOr6aKE2zvsw0MuIgwCIPy6utIco14y7Ju91duEh8A' },
      body: 'symbol=LTCBTC&side=BUY&type=LIMIT&timeInForce=GTC&quantity=1&price=0.1&recvWindow=5000&timestamp=1499827319559&signature=c8db56825ae71d6d79447849e617115f4a920fa2acdcab2b053c4b2838bd6b71',
    },
  },
  {
    scheme: 'twilio',
    secret: '12345',
    now: NOW,
    request: {
      method: 'POST',
      url: 'https://mycompany.com/myapp.php?foo=1&bar=2',
      headers: { 'X-Twilio-Signature': 'RSOYDt4T1cUTdK1PDd93/VVr8B8=' },
      body: 'CallSid=CA1234567890ABCDE&Caller=%2B14158675309&Digits=1234&From=%2B14158675309&To=%2B18005551212',
    },
  },
];

for (const { scheme: name, keyid, secret, now, nonce, request } of PUBLISHED) {
  test(`${name}: the published example verifies, and not when it is changed`, async () => {
    const scheme = Scheme.named(name);
    const credentials = new Credentials({ keyid, secret });
    const authentic = await scheme.verify(request, credentials, { now });
    assert.equal(authentic.credentials, credentials);
    assert.equal(authentic.keyid, keyid ?? '');
    assert.equal(authentic.nonce, nonce);
    assert.ok(authentic.coversBody);
    assert.match(authentic.replayToken.id, /^[0-9a-f]{32}$/);
    assert.equal(await scheme.keyid(request), keyid);
    const changed = { ...request, body: `x${request.body}` };
    await assert.rejects(scheme.verify(changed, credentials, { now }), refusal('signature_mismatch'));
  });
}

test('aws-sigv4: the example of IAM is signed as published', async () => {
  const scheme = Scheme.named('aws-sigv4');
  const credentials = new Credentials({
    keyid: 'AKIDEXAMPLE',
    secret: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
    options: { region: 'us-east-1', service: 'iam' },
  });
  const request = {
    method: 'GET',
    url: 'https://iam.amazonaws.com/?Action=ListUsers&Version=2010-05-08',
    headers: { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' },
  };
  const now = Date.parse('2015-08-30T12:36:00Z');
  const base = new TextDecoder().decode(await scheme.base(request, credentials, { now }));
  assert.equal(base.split('\n').at(-1), 'f536975d06c0309214f805bb90ccff089219ecd68b2577efef23edd43b7e1a59');
  const { headers } = await scheme.sign(request, credentials, { now });
  assert.equal(headers['X-Amz-Date'], '20150830T123600Z');
  const signature = '5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7';
  assert.ok(headers.Authorization.endsWith(`Signature=${signature}`), headers.Authorization);
  const signed = await scheme.sign(standard(request), credentials, { now });
  assert.equal(signed.headers.get('authorization'), headers.Authorization);
});

test('every built-in row signs what it verifies, as an object and as a Request', async () => {
  assert.equal(NAMES.length, 41);
  for (const name of NAMES.filter((one) => Scheme.named(one).algorithm !== 'hmac-sha1')) {
    const scheme = Scheme.named(name);
    assert.equal(scheme.name, name);
    const credentials = credentialsOf(name);
    for (const request of [requestFor(name), standard(requestFor(name))]) {
      const signed = await scheme.sign(request, credentials, { now: NOW });
      assert.equal(signed instanceof Request, request instanceof Request);
      const authentic = await scheme.verify(signed, credentials, { now: NOW });
      const keyid = await scheme.keyid(signed);
      assert.ok(keyid === undefined || keyid === 'key', `${name}: ${keyid}`);
      assert.equal(authentic.keyid, 'key');
      assert.equal(authentic.nonce !== undefined, scheme.coverage.nonce, name);
      const late = scheme.verify(signed, credentials, { now: NOW + 8 * 24 * 60 * MINUTE });
      if (scheme.coverage.maxAge === undefined && !scheme.coverage.senderSetsExpiry) await late;
      else await assert.rejects(late, (error) => ['too_old', 'expired'].includes(error.code), name);
    }
  }
  await assert.rejects(
    Scheme.named('twilio').sign(requestFor('twilio'), credentialsOf('twilio')),
    refusal('scheme_verify_only'),
  );
});

test('another secret is refused; while secrets are rotated, the one that signed is named', async () => {
  const scheme = Scheme.named('stripe');
  const [before, after] = [new Credentials({ secret: 'whsec_before' }), new Credentials({ secret: 'whsec_after' })];
  const signed = await scheme.sign(requestFor('stripe'), after, { now: NOW });
  await assert.rejects(scheme.verify(signed, before, { now: NOW }), refusal('signature_mismatch'));
  await assert.rejects(scheme.verify(signed, [], { now: NOW }), refusal('signature_mismatch'));
  const authentic = await scheme.verify(signed, [before, after], { now: NOW });
  assert.equal(authentic.credentials, after);
  assert.equal(authentic.timestamp, NOW - 123);
});

test('behind a proxy the caller says which scheme the address had', async () => {
  const { request, secret } = PUBLISHED.find(({ scheme }) => scheme === 'twilio');
  const received = new Request(request.url.replace('https:', 'http:'), { ...request, url: undefined });
  const [scheme, credentials] = [Scheme.named('twilio'), new Credentials({ secret })];
  await assert.rejects(scheme.verify(received, credentials), refusal('signature_mismatch'));
  await scheme.verify(received, credentials, { scheme: 'https' });
});

test('the tolerance takes the place of the window', async () => {
  const scheme = Scheme.named('slack');
  const credentials = new Credentials({ secret: 'a secret' });
  const signed = await scheme.sign(requestFor('slack'), credentials, { now: NOW });
  const at = (now, tolerance) => scheme.verify(signed, credentials, { now, tolerance });
  await at(NOW + 5 * MINUTE);
  await assert.rejects(at(NOW + 6 * MINUTE), refusal('too_old'));
  await at(NOW + 6 * MINUTE, 6 * MINUTE);
  await assert.rejects(at(NOW + MINUTE, MINUTE / 2), refusal('too_old'));
  await assert.rejects(at(NOW - MINUTE, MINUTE / 2), refusal('created_in_future'));
  // What isn't a time is none at all, not any.
  await assert.rejects(at(NOW + MINUTE, Number.NaN), refusal('too_old'));
  await assert.rejects(at(NOW + MINUTE, Number.POSITIVE_INFINITY), refusal('too_old'));
});

test('a token is spent once, in any store', async () => {
  const scheme = Scheme.named('svix');
  const credentials = credentialsOf('svix');
  const kept = new Map();
  const store = { spend: (id, until) => (kept.has(id) ? 'replayed' : (kept.set(id, until), 'fresh')) };
  const signed = await scheme.sign(requestFor('svix'), credentials, { now: NOW, nonce: 'msg_1' });
  for (const expected of ['fresh', 'replayed']) {
    const { replayToken, nonce } = await scheme.verify(signed, credentials, { now: NOW });
    assert.equal(nonce, 'msg_1');
    assert.equal(store.spend(replayToken.id, replayToken.keepUntil), expected);
  }
  assert.deepEqual([...kept.values()], [1_700_000_300]);
  const github = Scheme.named('github');
  const timeless = await github.sign(requestFor('github'), credentials);
  const { replayToken, timestamp } = await github.verify(timeless, credentials);
  assert.equal(replayToken.keepUntil, 999_999_999_999_999);
  assert.equal(timestamp, undefined);
});

test('signing again sets the fields anew, whatever the case of their names', async () => {
  const scheme = Scheme.named('okx');
  const credentials = credentialsOf('okx');
  const once = await scheme.sign(requestFor('okx'), credentials, { now: NOW });
  const lower = Object.fromEntries(Object.entries(once.headers).map(([name, value]) => [name.toLowerCase(), value]));
  const again = await scheme.sign({ ...once, headers: lower }, credentials, { now: NOW + 1 });
  assert.equal(new Set(Object.keys(again.headers).map((name) => name.toLowerCase())).size, Object.keys(again.headers).length);
  assert.equal((await scheme.verify(again, credentials, { now: NOW })).timestamp, NOW + 1);
  const request = await scheme.sign(await scheme.sign(standard(requestFor('okx')), credentials), credentials, { now: NOW });
  assert.equal((await scheme.verify(request, credentials, { now: NOW })).timestamp, NOW);
});

test('lines of one name are joined before they are signed', async () => {
  const scheme = Scheme.named('aws-sigv4');
  const credentials = credentialsOf('aws-sigv4');
  const request = { method: 'GET', url: 'https://a.example/', headers: [['x-amz-meta-a', '1'], ['X-Amz-Meta-A', '2']] };
  const signed = await scheme.sign(request, credentials);
  assert.equal(signed.headers['x-amz-meta-a'], '1, 2');
  await scheme.verify(new Request(signed.url, signed), credentials);
});

test('the signature goes where the scheme wants it', async () => {
  const [binance, credentials] = [Scheme.named('binance'), credentialsOf('binance')];
  const order = { method: 'POST', url: 'https://api.binance.com/api/v3/order?symbol=BTCUSDT', headers: {} };
  const query = await binance.sign(order, credentials, { now: NOW });
  assert.match(query.url, /^https:\/\/api\.binance\.com\/api\/v3\/order\?symbol=BTCUSDT&timestamp=1700000000123&signature=[0-9a-f]{64}$/);
  assert.equal(query.body, undefined);
  const target = await binance.sign({ method: 'POST', target: '/api/v3/order?symbol=BTCUSDT', headers: { Host: 'api.binance.com' } }, credentials, { now: NOW });
  assert.equal(`https://api.binance.com${target.target}`, query.url);
  const form = await binance.sign({ ...order, body: 'side=BUY' }, credentials, { now: NOW });
  assert.match(form.body, /^side=BUY&timestamp=1700000000123&signature=/);

  const gemini = await Scheme.named('gemini').sign(standard(requestFor('gemini')), credentialsOf('gemini'));
  assert.equal(await gemini.text(), '');
  assert.ok(gemini.headers.get('x-gemini-payload'));
});

test('a signed Request keeps what it was sent with, and the one that was signed can still be used', async () => {
  const controller = new AbortController();
  const init = { method: 'POST', body: 'a=1', redirect: 'manual', cache: 'no-store', signal: controller.signal, headers: { 'x-a': 'b' } };
  const request = new Request('https://api.example.com/v1?b=c', init);
  for (const name of ['binance', 'okx', 'aws-sigv4-query']) {
    const signed = await Scheme.named(name).sign(request, credentialsOf(name));
    assert.deepEqual([signed.method, signed.redirect, signed.cache], ['POST', 'manual', 'no-store'], name);
    assert.equal(signed.headers.get('x-a'), 'b');
    assert.ok((await signed.text()).startsWith('a=1'));
    assert.equal(request.bodyUsed, false);
    if (name === 'okx') continue;
    const other = new AbortController();
    const abortable = await Scheme.named(name).sign(new Request(request.clone(), { signal: other.signal }), credentialsOf(name));
    other.abort();
    assert.ok(abortable.signal.aborted);
  }
  assert.equal(await request.text(), 'a=1');
});

test('bytes of a body are signed as they are', async () => {
  const bytes = Uint8Array.from({ length: 100_000 }, (_, at) => at);
  const [scheme, credentials] = [Scheme.named('raw-body'), new Credentials({ secret: 'a secret' })];
  const signed = await scheme.sign({ method: 'POST', url: 'https://a.example/', headers: {}, body: bytes }, credentials);
  assert.equal(signed.body, bytes);
  await scheme.verify(new Request(signed.url, signed), credentials);
  const bodyDigest = { algorithm: 'sha-256', value: new Uint8Array(32) };
  await assert.rejects(scheme.sign({ method: 'POST', url: '/', headers: {}, bodyDigest }, credentials), refusal('body_bytes_needed'));
});

test('a webhook that Node received, of a Request that fetch sent', async (context) => {
  const [scheme, credentials] = [Scheme.named('standard-webhooks'), credentialsOf('standard-webhooks')];
  const server = createServer(async (incoming, response) => {
    const chunks = await incoming.toArray();
    const verdict = scheme.verify(fromIncoming(incoming, Buffer.concat(chunks)), credentials);
    response.end(await verdict.then(({ nonce }) => nonce, ({ code }) => code));
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  context.after(() => server.close());
  const request = new Request(`http://127.0.0.1:${server.address().port}/hook`, { method: 'POST', body: '{"type":"paid"}' });
  const signed = await scheme.sign(request, credentials, { nonce: 'msg_1' });
  assert.equal(await (await fetch(signed)).text(), 'msg_1');
  assert.equal(await (await fetch(request)).text(), 'component_missing');
});

test('the base is what is signed, and holds no secret', async () => {
  const [scheme, credentials] = [Scheme.named('okx'), credentialsOf('okx')];
  const base = await scheme.base(requestFor('okx'), credentials, { now: NOW });
  assert.equal(new TextDecoder().decode(base), '2023-11-14T22:13:20.123ZPOST/v1/orders?a=%2Fbamount=1');
});

test('a scheme says what it is and what it covers', () => {
  const okx = Scheme.named('okx');
  assert.equal(okx.title, 'OKX v5');
  assert.equal(okx.algorithm, 'hmac-sha256');
  assert.ok(URL.canParse(okx.documentation));
  const { method, host, path, query, body, maxAge, senderSetsExpiry, nonce, notes } = okx.coverage;
  assert.deepEqual([method, host, path, query, body], ['yes', 'no', 'yes', 'partly', 'yes']);
  assert.deepEqual([maxAge, senderSetsExpiry, nonce, notes.length], [30_000, false, false, 2]);
  assert.equal(Scheme.named('github').coverage.maxAge, undefined);
  assert.equal(Scheme.named('aws-sigv4-query').coverage.senderSetsExpiry, true);
});

const ROW = `name = "acme"
title = "Acme webhooks"
documentation = "https://acme.example/webhooks"
algorithm = "hmac-sha256"
secret = "utf8"
encoding = "hex"
signed = "{timestamp}.{body}"
timestamp = "s"
past = "60 s"
[headers]
Acme-Signature = "{signature}"
Acme-Timestamp = "{timestamp}"
`;

test('a row of one’s own', async () => {
  const [scheme, credentials] = [Scheme.fromToml(ROW), new Credentials({ secret: 'a secret' })];
  assert.equal(scheme.name, 'acme');
  const signed = await scheme.sign(requestFor('acme'), credentials, { now: NOW });
  assert.equal(signed.headers['Acme-Timestamp'], '1700000000');
  await scheme.verify(signed, credentials, { now: NOW });
});

test('a wrong row is refused with its line', () => {
  const wrong = ROW.replace('algorithm = "hmac-sha256"', 'algorithm = "hmac-md5"');
  assert.throws(() => Scheme.fromToml(wrong), (error) => refusal('scheme_malformed')(error) && /line 4/.test(error.message));
  assert.throws(() => Scheme.fromToml('okx'), refusal('scheme_malformed'));
  assert.throws(() => Scheme.fromToml(''), refusal('scheme_malformed'));
});

test('a name is only a name', () => {
  for (const name of ['nope', '', ROW, 'OKX', 'okx\n']) assert.throws(() => Scheme.named(name), refusal('scheme_unknown'));
});

test('an option can’t bring another along', () => {
  for (const options of [{ region: 'a\nservice=b' }, { 'region=a': 'b' }, { 'a\nb': 'c' }, { region: 'a\r' }, { '=': '' }]) {
    assert.throws(() => new Credentials({ secret: 'a secret', options }), refusal('options_malformed'));
  }
  new Credentials({ secret: 'a secret', options: { region: 'a=b' } });
});

test('an id or a passphrase can’t bring a header line along', () => {
  for (const part of [{ keyid: 'k\nX-Evil: 1' }, { passphrase: 'p\r\nX-Evil: 1' }]) {
    assert.throws(() => new Credentials({ secret: 'a secret', ...part }), refusal('options_malformed'));
  }
});

test('an option that is undefined is left out', async () => {
  const options = { region: 'eu-west-1', service: 's3', 'session-token': undefined };
  const credentials = new Credentials({ keyid: 'key', secret: 'a secret', options });
  const signed = await Scheme.named('aws-sigv4').sign(requestFor('aws-sigv4'), credentials);
  assert.equal(signed.headers['X-Amz-Security-Token'], undefined);
  assert.match(signed.headers['X-Amz-Content-Sha256'], /^[0-9a-f]{64}$/);
});

test('texts that are not ASCII cross whole, alone and beside others', async () => {
  const row = readFileSync(new URL('../../../core/schemes/github.toml', import.meta.url), 'utf8');
  const scheme = Scheme.fromToml(row.replace(/^title = .*$/m, 'title = "Gr\u00fc\u00dfe \u{1f642}"'));
  assert.equal(scheme.title, 'Gr\u00fc\u00dfe \u{1f642}');
  const request = { ...requestFor('okx'), url: 'https://api.example.com/caf\u00e9?\u{1f642}=\u20ac' };
  const base = await Scheme.named('okx').base(request, credentialsOf('okx'), { now: NOW });
  assert.match(Buffer.from(base).toString(), /POST\/caf\u00e9\?\u{1f642}=\u20acamount=1$/u);
});

test('a frame may be longer than those before it, and shorter than those before', async () => {
  const [scheme, credentials] = [Scheme.named('github'), credentialsOf('github')];
  for (const length of [10, 20_000, 300_000, 1_000_000, 300_000, 20_000, 10]) {
    const request = { ...requestFor('github'), body: Buffer.alloc(length, 'a') };
    const { headers } = await scheme.sign(request, credentials);
    const expected = createHmac('sha256', 'a secret').update(request.body).digest('hex');
    assert.equal(headers['X-Hub-Signature-256'], `sha256=${expected}`);
  }
});

test('a header field of any name is kept as it is', async () => {
  const request = { ...requestFor('github'), headers: [['__proto__', 'a'], ['Accept', 'b'], ['accept', 'c']] };
  const { headers } = await Scheme.named('github').sign(request, credentialsOf('github'));
  assert.deepEqual(Object.keys(headers), ['__proto__', 'Accept', 'X-Hub-Signature-256']);
  assert.deepEqual([Object.entries(headers)[0], headers.Accept], [['__proto__', 'a'], 'b, c']);
});

test('what is closed is refused, and closing twice is fine', async () => {
  const [scheme, credentials] = [Scheme.named('okx'), credentialsOf('okx')];
  const request = requestFor('okx');
  const signed = await scheme.sign(request, credentials);
  credentials.close();
  credentials.close();
  await assert.rejects(scheme.sign(request, credentials), refusal('handle_unknown'));
  await assert.rejects(scheme.base(request, credentials), refusal('handle_unknown'));
  await assert.rejects(scheme.verify(signed, credentials), refusal('handle_unknown'));
  await assert.rejects(scheme.verify(signed, [credentialsOf('okx'), credentials]), refusal('handle_unknown'));
  scheme[Symbol.dispose]();
  await assert.rejects(scheme.sign(request, credentialsOf('okx')), refusal('handle_unknown'));
  await assert.rejects(scheme.keyid(signed), refusal('handle_unknown'));
  assert.equal(scheme.coverage.method, 'yes');
});

test('an object of the other module, or of another kind, is refused', async () => {
  const [scheme, credentials] = [Scheme.named('okx'), credentialsOf('okx')];
  const key = countersign.SigningKey.open('k7', new Uint8Array(32));
  const signed = await scheme.sign(requestFor('okx'), credentials);
  for (const foreign of [key, scheme, {}, undefined]) {
    await assert.rejects(scheme.sign(requestFor('okx'), foreign), refusal('handle_unknown'));
    await assert.rejects(scheme.verify(signed, [foreign]), refusal('handle_unknown'));
    await assert.rejects(scheme.verify(signed, foreign), refusal('handle_unknown'));
  }
  await assert.rejects(countersign.sign(requestFor('okx'), credentials), refusal('handle_unknown'));
  assert.equal(Refusal, countersign.Refusal);
});

test('each module has the verbs that docs/abi.md says', () => {
  const reply = ({ memory, countersign_alloc, countersign_call }, verb) => {
    const reply = BigInt.asUintN(64, countersign_call(verb, countersign_alloc(1), 0));
    return Buffer.from(memory.buffer, Number(reply >> 32n), Number(reply & 0xffff_ffffn)).toString('latin1');
  };
  // No verb has the number 0.
  const has = (module, verb) => reply(module, verb) !== reply(module, 0);
  const verbs = (module) => Array.from({ length: 80 }, (_, verb) => verb).filter((verb) => has(module, verb));
  const shared = [1, 2, 3, 4, 6, 21, 23, 32, 48, 49, 50];
  const sorted = (...numbers) => [...shared, ...numbers].sort((one, other) => one - other);
  const vendors = [7, 22, 39, 40, 41, 42, 43];
  const provider = [5, 8, 16, 17, 18, 19, 20, 24, 33, 34, 35, 36, 37, 38, 51, 52, 53, 54];
  assert.deepEqual(verbs(schemes()), sorted(...vendors));
  assert.deepEqual(verbs(full()), sorted(...provider));
  const module = readFileSync(new URL('../generated/countersign-complete.wasm', import.meta.url));
  const rest = [9, 25, 44, 55, 56, 57, 58, 59, 60, 61, 62, 63, 64, 65];
  assert.deepEqual(verbs(complete({ module })), sorted(...vendors, ...provider, ...rest));
});
