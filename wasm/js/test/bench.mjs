/**
 * Times the package in this Node: `npm run bench`. Medians of batches; each row says what it is
 * compared with, measured in the same run.
 */

import { createHmac } from 'node:crypto';
import { cpus } from 'node:os';

import * as countersign from 'countersign';

import { k7, KEYRING, ORDER, BUNDLE } from './fixtures.mjs';

const BATCHES = 41;

const key = k7(countersign);
const verifier = new countersign.Verifier({ keyring: KEYRING, profile: { environment: 'live' }, policy: BUNDLE });
const replay = new countersign.MemoryReplay(1 << 20);
const fresh = { spend: () => 'fresh' };
const plain = async (body) => {
  const { headers } = await countersign.sign({ ...ORDER, body }, key);
  return { ...ORDER, body, headers: { ...ORDER.headers, ...headers } };
};
const small = await plain('x'.repeat(256));
const large = await plain('x'.repeat(256 * 1024));
// A new one each time: in Node all copies of one Request hang on its signal.
const unsigned = () => new Request(ORDER.url, { method: 'POST', headers: ORDER.headers, body: small.body });
const signed = () => new Request(ORDER.url, { method: 'POST', headers: small.headers, body: small.body });
const get = { method: 'GET', url: ORDER.url, headers: {} };
const message = Buffer.alloc(256);

console.log(`${process.version}, ${cpus()[0].model}, body of 256 bytes unless said; microseconds\n`);
await row('HMAC of 256 bytes by node:crypto', () => createHmac('sha256', message).update(message).digest());
await row('HMAC of 256 bytes by the module', () => countersign.hmacSha256(message, message));
await row('sign, plain object, no body', () => countersign.sign(get, key));
await row('sign, plain object', () => countersign.sign({ ...ORDER, body: small.body }, key));
await row('sign, Request, made anew', () => countersign.sign(unsigned(), key));
await row('make two Requests and read one', async () => [await unsigned().arrayBuffer(), signed()]);
await row('verify, plain object', async () => (await verifier.verify(small)).close());
await row('verify, Request, made anew', async () => (await verifier.verify(signed())).close());
await row('make a Request, clone and read it', () => signed().clone().arrayBuffer());
await row('verify, plain object, 256 KiB', async () => (await verifier.verify(large)).close(), 50);
await row('authenticate, plain object', async () => (await verifier.authenticate(small, { replay: fresh })).close());
await row('check, plain object', () => verifier.check(small, { replay: fresh }));
await row('sign and check with a MemoryReplay', async () => verifier.check(await plain(small.body), { replay }));

async function row(name, work, batch = 500) {
  for (let i = 0; i < 2000 && i < batch * 4; i++) await work();
  const times = [];
  for (let i = 0; i < BATCHES; i++) {
    const start = performance.now();
    for (let j = 0; j < batch; j++) await work();
    times.push(((performance.now() - start) * 1000) / batch);
  }
  times.sort((a, b) => a - b);
  console.log(`${name.padEnd(38)} ${times[BATCHES >> 1].toFixed(1).padStart(8)}   least ${times[0].toFixed(1)}`);
}
