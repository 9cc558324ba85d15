/** Runs the cases in workerd: `node workerd.mjs CASES.json`. */

import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { casesAndOptions, child, chunks, freePort, HERE, PACKAGE, packageFiles, report, skip } from './driver.mjs';

const START_MS = 20_000;
const CHUNK_MS = 60_000;

const { cases } = casesAndOptions();
const program = find();
const version = execFileSync(program, ['--version'], { encoding: 'utf8' }).trim().replace('workerd ', '');
const port = await freePort();
const url = `http://127.0.0.1:${port}/`;
const folder = mkdtempSync(join(tmpdir(), 'countersign-workerd-'));
writeFileSync(join(folder, 'config.capnp'), config(port));
const worker = child(program, ['serve', join(folder, 'config.capnp'), '--import-path=/']);
try {
  const sha256 = await started();
  const results = [];
  for (const chunk of chunks(cases)) {
    const body = JSON.stringify(chunk);
    const answer = await fetch(url, { method: 'POST', body, signal: AbortSignal.timeout(CHUNK_MS) });
    results.push(...(await read(answer)));
  }
  report('workerd', version, sha256, results);
} catch (error) {
  process.stderr.write(`${error.stack}\n${worker.said()}`);
  process.exitCode = 1;
} finally {
  await worker.stop();
  rmSync(folder, { recursive: true });
}

function find() {
  try {
    const path = createRequire(import.meta.url).resolve('workerd/bin/workerd');
    if (existsSync(path)) return path;
  } catch {}
  return skip('workerd is not installed: `npm ci` in tests/');
}

/** The worker as workerd wants it told: every module by its name, and the bytes once more as data. */
function config(port) {
  const embed = (name, kind, path) => `(name = ${JSON.stringify(name)}, ${kind} = embed ${JSON.stringify(path)})`;
  const modules = [
    embed('worker.mjs', 'esModule', join(HERE, 'worker.mjs')),
    embed('conformance.mjs', 'esModule', join(HERE, 'conformance.mjs')),
    ...packageFiles()
      .filter((file) => !/adapter\/(node|browser)\.js$/.test(file))
      .map((file) => embed(file, file.endsWith('.wasm') ? 'wasm' : 'esModule', join(PACKAGE, file))),
    embed('generated/countersign.wasm.data', 'data', join(PACKAGE, 'generated/countersign.wasm')),
  ];
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "main", worker = (
    compatibilityDate = "2026-10-01",
    modules = [
      ${modules.join(',\n      ')}
    ],
  ))],
  sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = "main")],
);
`;
}

/** Waits for the first answer, which is the hash of the module. */
async function started() {
  for (const until = Date.now() + START_MS; Date.now() < until; await sleep(50)) {
    const answer = await Promise.race([fetch(url).catch(() => undefined), worker.ended]);
    if (answer instanceof Response) return read(answer);
    if (answer !== undefined) throw new Error('workerd ended');
  }
  throw new Error('workerd did not answer in time');
}

async function read(answer) {
  if (!answer.ok) throw new Error(await answer.text());
  return answer.json();
}
