/** Chromium without a window, and a server that gives its page the files of a run. */

import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';

import { sha256, skip } from './driver.mjs';

const PROGRAM = process.env.COUNTERSIGN_CHROMIUM ?? '/usr/bin/chromium';
/** The page may run scripts of its own origin and WebAssembly, and nothing else. */
export const POLICY = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; connect-src 'self'; img-src data:";
export const TIMEOUT_MS = 120_000;
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

/** The browser's version, and what drives it. Skips the runtime where one of them is missing. */
export async function findBrowser() {
  const { chromium } = await import('playwright-core').catch(() =>
    skip('playwright-core is not installed: `npm ci` in tests/'),
  );
  if (!existsSync(PROGRAM)) skip(`there is no ${PROGRAM}; COUNTERSIGN_CHROMIUM names another`);
  const version = execFileSync(PROGRAM, ['--version'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim().split(' ')[1];
  return { chromium, version };
}

/** Opens a page, and tells `use` of it; the browser is closed after. */
export async function withPage(chromium, url, use) {
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
    return await use(page);
  } finally {
    await browser?.close();
    rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
  }
}

/**
 * Serves files on 127.0.0.1, and answers of ours under other paths.
 *
 * @param files the path of each file by that of its address
 * @param answers by the path, what answers the text of a request: a text, or nothing
 * @returns the server, its address, and the SHA-256 of each file that it sent
 */
export async function serveFiles(files, answers) {
  const served = new Map();
  const server = createServer((request, response) => {
    response.setHeader('content-security-policy', POLICY);
    if (answers[request.url]) {
      const pieces = [];
      request.on('data', (piece) => pieces.push(piece));
      request.on('end', async () => {
        response.setHeader('content-type', 'application/json');
        response.end(await answers[request.url](Buffer.concat(pieces).toString()));
      });
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
  const close = () => {
    server.close();
    server.closeAllConnections();
  };
  return { close, url: `http://127.0.0.1:${server.address().port}/`, served };
}
