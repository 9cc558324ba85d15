/** The entry that only signs for browsers, and wherever else there is `fetch`: await `init` first. */

import { start } from '../signer.js';

export { Signer } from '../signer.js';
export type * from '../types.js';

export async function init(
  source: string | URL = new URL('../../../generated/countersign-sign.wasm', import.meta.url),
): Promise<void> {
  start(await WebAssembly.compileStreaming(fetch(source)));
}
