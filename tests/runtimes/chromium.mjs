/**
 * Runs the cases in headless Chromium: `node chromium.mjs CASES.json [--expected RESULTS.json]
 * [--screenshot FILE.png]`.
 *
 * The page runs under a Content-Security-Policy that allows scripts of its own origin and WebAssembly,
 * and nothing else. `RESULTS.json` is a report as any driver prints it, or its results.
 */

import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';

import { casesAndOptions, HERE, PACKAGE, packageFiles, report, sha256, skip } from './driver.mjs';

const PROGRAM = process.env.COUNTERSIGN_CHROMIUM ?? '/usr/bin/chromium';
const POLICY = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; connect-src 'self'; img-src data:";
const TIMEOUT_MS = 120_000;
const TALLEST_PICTURE = 4000;
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
const TYPES = {
  '.css': 'text/css',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.wasm': 'application/wasm',
};

const { cases, options } = casesAndOptions();
const { chromium } = await import('playwright-core').catch(() =>
  skip('playwright-core is not installed: `npm ci` in tests/'),
);
if (!existsSync(PROGRAM)) skip(`there is no ${PROGRAM}; COUNTERSIGN_CHROMIUM names another`);
const version = execFileSync(PROGRAM, ['--version'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim().split(' ')[1];
const picture = option('--screenshot');
const expected = option('--expected') && JSON.parse(readFileSync(option('--expected'), 'utf8'));

const served = new Map();
const { server, url, reported } = await serve();
const profile = mkdtempSync(join(tmpdir(), 'countersign-chromium-'));
let browser;
try {
  browser = await chromium.launchPersistentContext(profile, {
    executablePath: PROGRAM,
    args: FLAGS,
    viewport: { width: 1280, height: 800 },
    timeout: TIMEOUT_MS,
  });
  const page = browser.pages()[0] ?? (await browser.newPage());
  page.on('pageerror', (error) => process.stderr.write(`${error}\n`));
  page.on('console', (line) => line.type() === 'error' && process.stderr.write(`${line.text()}\n`));
  await page.goto(url, { timeout: TIMEOUT_MS });
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
} catch (error) {
  process.stderr.write(`${error.stack}\n`);
  process.exitCode = 1;
} finally {
  await browser?.close();
  server.close();
  server.closeAllConnections();
  rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
}

function option(name) {
  const at = options.indexOf(name);
  return at < 0 ? undefined : options[at + 1];
}

/** Serves the page, the package and the cases on 127.0.0.1, and takes the report. */
async function serve() {
  const files = new Map([
    ['/', join(HERE, 'page.html')],
    ...['page.mjs', 'page.css', 'conformance.mjs'].map((file) => [`/${file}`, join(HERE, file)]),
    ...packageFiles().map((file) => [`/countersign/${file}`, join(PACKAGE, file)]),
  ]);
  let settle;
  const reported = new Promise((resolve) => {
    settle = resolve;
  });
  const server = createServer((request, response) => {
    response.setHeader('content-security-policy', POLICY);
    if (request.url === '/report') {
      const pieces = [];
      request.on('data', (piece) => pieces.push(piece));
      request.on('end', () => {
        settle(JSON.parse(Buffer.concat(pieces).toString()));
        response.end();
      });
    } else if (request.url === '/cases') {
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ cases, expected: expected?.results ?? expected, policy: POLICY }));
    } else if (files.has(request.url)) {
      const bytes = readFileSync(files.get(request.url));
      served.set(request.url, sha256(bytes));
      response.setHeader('content-type', TYPES[extname(files.get(request.url))]);
      response.end(bytes);
    } else {
      response.writeHead(404).end();
    }
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { server, url: `http://127.0.0.1:${server.address().port}/`, reported };
}

function withTimeout(promise) {
  const late = new Promise((_, reject) => {
    setTimeout(() => reject(new Error('the page did not report in time')), TIMEOUT_MS).unref();
  });
  return Promise.race([promise, late]);
}
