/** The entry for Node, Deno and Bun: importing it starts the module from its own file. */

import { createHash } from 'node:crypto';

import { full } from '../module.js';
import { hashBy } from '../request.js';
import { startFrom } from './file.js';

export * from '../api.js';
export { fromIncoming } from './incoming.js';

startFrom(new URL('../../generated/countersign.wasm', import.meta.url), full);
// No thread has to be reached, as for `crypto.subtle`.
hashBy((algorithm, body) => createHash(algorithm.replace('-', '')).update(body).digest());
