/** The entry of the complete module for workerd and Cloudflare Workers: importing it starts the module. */

import module from '../../../generated/countersign-complete.wasm';

import { full } from '../../module.js';

export * from '../api.js';

if (full.isStarted) throw new Error('import countersign/complete before countersign, or in place of it');
full.start(module);
