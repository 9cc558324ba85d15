/** What the package weighs, plain and as it travels: `npm run size`. */

import { readdirSync, readFileSync } from 'node:fs';
import { brotliCompressSync, gzipSync } from 'node:zlib';

const root = new URL('../', import.meta.url);
const scripts = readdirSync(new URL('dist/', root), { recursive: true })
  .filter((name) => name.endsWith('.js') && !/adapter\/(node|workerd)/.test(name))
  .map((name) => readFileSync(new URL(`dist/${name}`, root)));
const rows = {
  'countersign.wasm': readFileSync(new URL('generated/countersign.wasm', root)),
  'countersign.js (glue)': readFileSync(new URL('generated/countersign.js', root)),
  'dist, for browsers': Buffer.concat(scripts),
};

console.log(`${''.padEnd(24)}${['plain', 'gzip', 'brotli'].map((head) => head.padStart(9)).join('')}`);
for (const [name, bytes] of Object.entries(rows)) {
  const sizes = [bytes.length, gzipSync(bytes, { level: 9 }).length, brotliCompressSync(bytes).length];
  console.log(`${name.padEnd(24)}${sizes.map((size) => String(size).padStart(9)).join('')}`);
}
