/** The entry that only signs for Node, Deno and Bun: importing it compiles the module from its own file. */

import { readFileSync } from 'node:fs';

import { start } from '../signer.js';

export { Signer } from '../signer.js';
export type * from '../types.js';

start(new WebAssembly.Module(readFileSync(new URL('../../../generated/countersign-sign.wasm', import.meta.url))));
