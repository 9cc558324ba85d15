/** Answers calls in workerd: `node workerd.mjs MODULE`. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { chunks, HERE, sha256 } from '../driver.mjs';
import { embed, withWorker } from '../workerd-process.mjs';
import { moduleFiles, serve } from './lines.mjs';

const { wasm, js } = moduleFiles();
const modules = [
  embed('worker.mjs', 'esModule', join(HERE, 'door/worker.mjs')),
  embed('answer.mjs', 'esModule', join(HERE, 'door/answer.mjs')),
  embed('module.js', 'esModule', js),
  embed('module.wasm', 'wasm', wasm),
];
await withWorker(modules, (version, _, post) => serve(version, sha256(readFileSync(wasm)), async (calls) => {
  const replies = [];
  for (const chunk of chunks(calls)) {
    const said = await post(chunk);
    if (!Array.isArray(said)) return { ...said, at: replies.length + said.at };
    replies.push(...said);
  }
  return replies;
}));
