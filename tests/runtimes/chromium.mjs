/**
 * Runs the cases in headless Chromium: `node chromium.mjs CASES.json [--expected RESULTS.json]
 * [--screenshot FILE.png]`.
 *
 * `RESULTS.json` is a report as any driver prints it, or its results.
 */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { findBrowser, POLICY, serveFiles, TIMEOUT_MS, withPage } from './browser.mjs';
import { casesAndOptions, HERE, PACKAGE, packageFiles, report } from './driver.mjs';

const TALLEST_PICTURE = 4000;

const { cases, options } = casesAndOptions();
const { chromium, version } = await findBrowser();
const picture = option('--screenshot');
const expected = option('--expected') && JSON.parse(readFileSync(option('--expected'), 'utf8'));

const files = new Map([
  ['/', join(HERE, 'page.html')],
  ...['page.mjs', 'page.css', 'conformance.mjs'].map((file) => [`/${file}`, join(HERE, file)]),
  ...packageFiles().map((file) => [`/countersign/${file}`, join(PACKAGE, file)]),
]);
let settle;
const reported = new Promise((resolve) => {
  settle = resolve;
});
const { close, url, served } = await serveFiles(files, {
  '/report': (text) => settle(JSON.parse(text)),
  '/cases': () => JSON.stringify({ cases, expected: expected?.results ?? expected, policy: POLICY }),
});
try {
  await withPage(chromium, url, async (page) => {
    const { error, sha256: started, results } = await withTimeout(reported);
    if (error) throw new Error(error);
    const file = served.get('/countersign/generated/countersign.wasm');
    if (started !== file) throw new Error(`the page started ${started}, but was sent ${file}`);
    if (picture) {
      const height = Math.min(await page.locator('html').evaluate((html) => html.scrollHeight), TALLEST_PICTURE);
      await page.setViewportSize({ width: 1280, height });
      await page.screenshot({ path: picture });
    }
    report('chromium', version, started, results);
  });
} catch (error) {
  process.stderr.write(`${error.stack}\n`);
  process.exitCode = 1;
} finally {
  close();
}

function option(name) {
  const at = options.indexOf(name);
  return at < 0 ? undefined : options[at + 1];
}

function withTimeout(promise) {
  const late = new Promise((_, reject) => {
    setTimeout(() => reject(new Error('the page did not report in time')), TIMEOUT_MS).unref();
  });
  return Promise.race([promise, late]);
}
