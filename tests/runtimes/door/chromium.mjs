/** Answers calls in headless Chromium: `node chromium.mjs MODULE`. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { findBrowser, serveFiles, withPage } from '../browser.mjs';
import { HERE, sha256 } from '../driver.mjs';
import { moduleFiles, serve } from './lines.mjs';

const { wasm, js } = moduleFiles();
const { chromium, version } = await findBrowser();
const files = new Map([
  ['/', join(HERE, 'door/page.html')],
  ...['page.mjs', 'answer.mjs'].map((file) => [`/${file}`, join(HERE, 'door', file)]),
  ['/module.js', js],
  ['/module.wasm', wasm],
]);

// The page waits for calls; we wait for its replies.
let waiting = promised();
let replied;
const { close, url } = await serveFiles(files, {
  '/calls': (replies) => {
    replied?.resolve(JSON.parse(replies));
    const page = promised();
    waiting.resolve(page);
    return page.promise;
  },
});
try {
  await withPage(chromium, url, async () => {
    await waiting.promise;
    await serve(version, sha256(readFileSync(wasm)), ask);
    (await waiting.promise).resolve('null');
  });
} catch (error) {
  process.stderr.write(`${error.stack}\n`);
  process.exitCode = 1;
} finally {
  close();
}

async function ask(calls) {
  const page = await waiting.promise;
  waiting = promised();
  replied = promised();
  page.resolve(JSON.stringify(calls));
  return replied.promise;
}

/** A promise, and what resolves it. */
function promised() {
  let resolve;
  const promise = new Promise((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
