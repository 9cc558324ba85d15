/** The entry of vendors' schemes for Node, Deno and Bun: importing it starts the module from its own file. */

import { startFrom } from '../../adapter/file.js';
import { vendors } from '../module.js';

export { fromIncoming } from '../../adapter/incoming.js';
export * from '../api.js';

startFrom(new URL('../../../generated/countersign-schemes.wasm', import.meta.url), vendors);
