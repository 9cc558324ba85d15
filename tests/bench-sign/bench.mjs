/**
 * Signing and verifying in Node, beside the libraries that people use: `cargo xtask bench sign`.
 * `docs/benchmarks.md` says what is inside each clock.
 */

import { parseArgs } from 'node:util';

import { agree, signedBy } from './agreement.mjs';
import { floor } from './floor.mjs';
import * as awsSigv4 from './schemes/aws-sigv4.mjs';
import * as rfc9421 from './schemes/rfc9421.mjs';
import { SIGNER } from './schemes/signer.mjs';
import * as standardWebhooks from './schemes/standard-webhooks.mjs';
import * as stripe from './schemes/stripe.mjs';
import { print } from './table.mjs';
import { measure } from './turns.mjs';

const SCHEMES = [stripe, standardWebhooks, awsSigv4, rfc9421];
const SIZES = [
  ['256', 256],
  ['1k', 1024],
  ['64k', 65536],
];
const GOAL = 'faster';
/** The least that can be done, and ours of fewer bytes. */
const OF_NO_GOAL = new Set(['floor', SIGNER]);

const { values } = parseArgs({
  options: { json: { type: 'boolean', default: false }, rounds: { type: 'string', default: '51' } },
});
const rounds = Number(values.rounds);
if (!Number.isInteger(rounds) || rounds < 1) throw new Error('--rounds takes a whole number from 1');

const skipped = new Map();
const rows = [];
for (const scheme of SCHEMES) {
  for (const [size, length] of SIZES) rows.push(...(await rowsOf(scheme, size, length)));
}
for (const [name, why] of skipped) console.error(`skipped: ${name}: ${why}`);
if (values.json) console.log(JSON.stringify(rows, null, 2));
else print(rows);

/** A body of JSON with this many bytes, in a request to place an order. */
function request(length) {
  const body = Buffer.from(JSON.stringify({ note: 'x'.repeat(length - '{"note":""}'.length) }));
  return { method: 'POST', url: 'https://api.example.com/v1/orders?dry=1', headers: { 'content-type': 'application/json' }, body };
}

async function rowsOf(scheme, size, length) {
  const order = request(length);
  const contenders = [];
  for (const contender of await scheme.contenders(order)) {
    if (contender.skipped) skipped.set(contender.name, contender.skipped);
    // Who hands the digest over does so for large bodies.
    else if (contender.name !== 'node/digest' || size === '64k') contenders.push(contender);
  }
  await agree(contenders, order);
  const signed = await signedBy(contenders[0], order);
  const least = floor(scheme.floor(signed));
  if (!least.verify()) throw new Error(`the floor of ${scheme.name} hashes something else`);

  const signing = [...contenders, least].map(({ name, sign }) => [name, sign]);
  const verifying = contenders.filter(({ verifier }) => verifier).map(({ name, verifier }) => [name, verifier(signed)]);
  verifying.push([least.name, least.verify]);
  return [
    ...compared(scheme, `sign-${size}`, await measure(signing, rounds)),
    ...compared(scheme, `verify-${size}`, await measure(verifying, rounds)),
  ];
}

/** A row for each of ours and each of the others. */
function compared(scheme, name, medians) {
  const isOurs = (name) => name === 'node' || name === 'node/digest';
  const [ours, others] = [[], []];
  for (const entry of medians) (isOurs(entry[0]) ? ours : others).push(entry);
  return ours.flatMap(([runtime, ours_ns]) =>
    others.map(([baseline, baseline_ns]) => {
      const byPlatform = runtime === 'node/digest' || scheme.hashesByPlatform;
      const counts = !OF_NO_GOAL.has(baseline) && (!name.endsWith('-64k') || byPlatform);
      const speedup = baseline_ns / ours_ns;
      const goal = counts ? { goal: GOAL, reached: speedup > 1 } : { goal: null, reached: null };
      return { bench: scheme.name, case: name, runtime, ours_ns, baseline, baseline_ns, speedup, ...goal };
    }),
  );
}
