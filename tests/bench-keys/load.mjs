// How long an edge in Node takes to load a keyring snapshot, by the complete module.
//
//     node tests/bench-keys/load.mjs SNAPSHOT [--json]
//
// `cargo run --release -p countersign-custody --example keys -- --only snapshot --write SNAPSHOT` makes one; the
// package must have been built.
import { readFileSync } from 'node:fs';

import { Verifier } from '../../wasm/js/dist/complete/adapter/node.js';

const ROUNDS = 5;
/** Of the program that makes the snapshot: when, by whom, for whom. */
const NOW = 1_795_600_000;
const TRUST = {
  environment: 'live',
  region: 'eu-west',
  reader: 'edge-1',
  reader_key: Buffer.alloc(32, 9).toString('base64'),
  publishers: [{ name: 'acme', public_key: '7UkoxijRwsbq6QM4kFmVYSlZJzpcY/k2NsFGFKyHN9E=' }],
};

const [file, ...rest] = process.argv.slice(2);
const snapshot = readFileSync(file);
const times = [];
let keys = 0;
for (let round = 0; round < ROUNDS; round += 1) {
  const verifier = new Verifier({ edge: TRUST, profile: { environment: 'live' } });
  const begun = performance.now();
  ({ keys } = verifier.load(snapshot, NOW));
  times.push((performance.now() - begun) / 1000);
  verifier.close?.();
}
times.sort((a, b) => a - b);
const [figure, most] = [times[ROUNDS >> 1], 2];
const row = {
  bench: 'keys',
  case: `snapshot of ${keys} keys, load in Node`,
  figure,
  unit: 's',
  goal: { at_most: most, reached: figure <= most },
};
const reached = row.goal.reached ? 'reached' : 'missed';
const line = `${row.case.padEnd(44)} ${figure.toFixed(3).padStart(12)} s  <= ${most} s: ${reached}`;
console.log(rest.includes('--json') ? JSON.stringify([row]) : line);
