/** The entry of vendors' schemes for workerd and Cloudflare Workers: importing it starts the module. */

import module from '../../../generated/countersign-schemes.wasm';

import { vendors } from '../module.js';

export * from '../api.js';

vendors.start(module);
