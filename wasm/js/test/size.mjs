/** What the package weighs, plain and as it travels: `npm run size`. */

import { readFileSync } from 'node:fs';
import { brotliCompressSync, gzipSync } from 'node:zlib';

const root = new URL('../', import.meta.url);
const file = (name) => readFileSync(new URL(name, root));

/** The scripts that an entry loads in a browser. */
function scripts(entry, seen = new Set()) {
  seen.add(entry.href);
  for (const [, path] of readFileSync(entry, 'utf8').matchAll(/from '(\.[^']*)'/g)) {
    const next = new URL(path, entry);
    if (!seen.has(next.href) && !next.pathname.includes('/generated/')) scripts(next, seen);
  }
  return Buffer.concat([...seen].map((href) => readFileSync(new URL(href))));
}

const rows = {
  'countersign.wasm': file('generated/countersign.wasm'),
  'countersign.js (glue)': file('generated/countersign.js'),
  'countersign, in browsers': scripts(new URL('dist/adapter/browser.js', root)),
  'countersign-schemes.wasm': file('generated/countersign-schemes.wasm'),
  'countersign-schemes.js (glue)': file('generated/countersign-schemes.js'),
  'schemes, in browsers': scripts(new URL('dist/schemes/adapter/browser.js', root)),
  'countersign-sign.wasm': file('generated/countersign-sign.wasm'),
  'sign, in browsers': scripts(new URL('dist/sign/adapter/browser.js', root)),
};

console.log(`${''.padEnd(30)}${['plain', 'gzip', 'brotli'].map((head) => head.padStart(9)).join('')}`);
for (const [name, bytes] of Object.entries(rows)) {
  const sizes = [bytes.length, gzipSync(bytes, { level: 9 }).length, brotliCompressSync(bytes).length];
  console.log(`${name.padEnd(30)}${sizes.map((size) => String(size).padStart(9)).join('')}`);
}
