/** The entry for Node, Deno and Bun: importing it starts the module from its own file. */

import { full } from '../module.js';
import { startFrom } from './file.js';

export * from '../api.js';
export { fromIncoming } from './incoming.js';

startFrom(new URL('../../generated/countersign.wasm', import.meta.url), full);
