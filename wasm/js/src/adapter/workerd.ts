/** The entry for workerd and Cloudflare Workers: importing it starts the module, which the runtime compiled. */

import module from '../../generated/countersign.wasm';

import { startWith } from '../module.js';

export * from '../api.js';

startWith(module);
