/** Answers calls in this Node: `node node.mjs MODULE`. */

import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

import { sha256 } from '../driver.mjs';
import { answer } from './answer.mjs';
import { moduleFiles, serve } from './lines.mjs';

const { wasm, js } = moduleFiles();
const glue = await import(pathToFileURL(js));
const bytes = readFileSync(wasm);
const module = glue.initSync({ module: new WebAssembly.Module(bytes) });
await serve(process.versions.node, sha256(bytes), (calls) => answer(module, calls));
