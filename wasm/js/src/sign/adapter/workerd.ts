/** The entry that only signs for workerd and Cloudflare Workers. */

import module from '../../../generated/countersign-sign.wasm';

import { start } from '../signer.js';

export { Signer } from '../signer.js';
export type * from '../types.js';

start(module);
