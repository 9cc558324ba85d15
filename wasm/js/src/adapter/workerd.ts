/** The entry for workerd and Cloudflare Workers: importing it starts the module, which the runtime compiled. */

import module from '../../generated/countersign.wasm';

import { full } from '../module.js';

export * from '../api.js';

full.start(module);
