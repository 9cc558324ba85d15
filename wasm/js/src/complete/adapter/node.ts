/** The entry of the complete module for Node, Deno and Bun: importing it starts the module from its own file. */

import { createHash } from 'node:crypto';

import { startFrom } from '../../adapter/file.js';
import { full } from '../../module.js';
import { hashBy } from '../../request.js';

export { fromIncoming } from '../../adapter/incoming.js';
export * from '../api.js';

// What is opened in one module can't be used in another, so one has to do for both entries.
if (full.isStarted) throw new Error('import countersign/complete before countersign, or in place of it');
startFrom(new URL('../../../generated/countersign-complete.wasm', import.meta.url), full);
hashBy((algorithm, body) => createHash(algorithm.replace('-', '')).update(body).digest());
