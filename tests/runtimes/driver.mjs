/** What the drivers share: the cases, the report, files of the package, children that end. */

import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of the drivers. */
export const HERE = dirname(fileURLToPath(import.meta.url));
/** The folder of the npm package, built. */
export const PACKAGE = join(HERE, '../../wasm/js');

/** How many cases go to a runtime at once. */
const CHUNK = 200;

/**
 * The cases of the file that the command line names, and its other words. Skips the runtime if there is
 * no package to run in it.
 */
export function casesAndOptions() {
  const [file, ...options] = process.argv.slice(2);
  if (file === undefined) {
    process.stderr.write('usage: RUNTIME.mjs CASES.json [options]\n');
    process.exit(2);
  }
  if (!existsSync(join(PACKAGE, 'dist')) || !existsSync(join(PACKAGE, 'generated'))) {
    skip('the npm package is not built: `cargo xtask build`, then `npm ci` and `npm run build` in wasm/js');
  }
  const cases = JSON.parse(readFileSync(file, 'utf8'));
  return { cases: Array.isArray(cases) ? cases : cases.cases, options };
}

/** Prints the report on stdout. */
export function report(runtime, version, sha256, results) {
  process.stdout.write(`${JSON.stringify({ runtime, version, sha256, results })}\n`);
}

/** Ends as `skipped`, for a runtime that is not here: exit code 77. */
export function skip(why) {
  process.stderr.write(`skipped: ${why}\n`);
  process.exit(77);
}

/** The cases in pieces that a runtime takes at once. */
export function* chunks(cases) {
  for (let at = 0; at < cases.length; at += CHUNK) yield cases.slice(at, at + CHUNK);
}

/** The files of the package that its entries load, as paths from its folder. */
export function packageFiles() {
  const below = (folder) => readdirSync(folder, { recursive: true, withFileTypes: true });
  return ['dist', 'generated']
    .flatMap((folder) => below(join(PACKAGE, folder)))
    .filter((entry) => entry.isFile() && /\.(js|wasm)$/.test(entry.name))
    .map((entry) => relative(PACKAGE, join(entry.parentPath, entry.name)))
    .sort();
}

/** SHA-256 in hexadecimal. */
export function sha256(bytes) {
  return createHash('sha256').update(bytes).digest('hex');
}

/** A port of 127.0.0.1 that was free just now. */
export function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

/**
 * Starts a program that lives as long as this one at most.
 *
 * @returns the child, what it has said, and `stop`, which ends it and waits
 */
export function child(program, words) {
  const started = spawn(program, words, { stdio: ['ignore', 'pipe', 'pipe'] });
  const said = [];
  for (const stream of [started.stdout, started.stderr]) stream.on('data', (data) => said.push(data));
  const ended = new Promise((resolve) => {
    started.once('exit', resolve);
    started.once('error', (error) => {
      said.push(`${error}`);
      resolve(-1);
    });
  });
  const kill = () => started.kill('SIGKILL');
  process.once('exit', kill);
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1));
  return {
    ended,
    said: () => said.join(''),
    async stop() {
      started.kill('SIGTERM');
      const late = setTimeout(kill, 2000);
      await ended;
      clearTimeout(late);
      process.removeListener('exit', kill);
    },
  };
}
