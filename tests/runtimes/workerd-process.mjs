/** Starts workerd on a worker of ours, and asks it. */

import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { child, freePort, skip } from './driver.mjs';

const START_MS = 20_000;
const CALL_MS = 60_000;

/** A module of a worker: its name there, its kind, its file. */
export function embed(name, kind, path) {
  return `(name = ${JSON.stringify(name)}, ${kind} = embed ${JSON.stringify(path)})`;
}

/**
 * Starts a worker, and tells `use` its version, its answer to a first GET, and how to POST to it; it is
 * stopped after. Skips the runtime where it is missing.
 */
export async function withWorker(modules, use) {
  const program = find();
  const version = execFileSync(program, ['--version'], { encoding: 'utf8' }).trim().replace('workerd ', '');
  const port = await freePort();
  const url = `http://127.0.0.1:${port}/`;
  const folder = mkdtempSync(join(tmpdir(), 'countersign-workerd-'));
  writeFileSync(join(folder, 'config.capnp'), config(port, modules));
  const worker = child(program, ['serve', join(folder, 'config.capnp'), '--import-path=/']);
  try {
    const first = await started(url, worker);
    const post = async (value) => {
      const body = JSON.stringify(value);
      return read(await fetch(url, { method: 'POST', body, signal: AbortSignal.timeout(CALL_MS) }));
    };
    await use(version, first, post);
  } catch (error) {
    process.stderr.write(`${error.stack}\n${worker.said()}`);
    process.exitCode = 1;
  } finally {
    await worker.stop();
    rmSync(folder, { recursive: true });
  }
}

function find() {
  try {
    const path = createRequire(import.meta.url).resolve('workerd/bin/workerd');
    if (existsSync(path)) return path;
  } catch {}
  return skip('workerd is not installed: `npm ci` in tests/');
}

/** The worker as workerd wants it told: every module by its name. */
function config(port, modules) {
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

/** Waits for the first answer. */
async function started(url, worker) {
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
