/**
 * The entry for browsers, and wherever else there is `fetch`: await {@link init} before anything else.
 *
 * It works under a Content-Security-Policy of `script-src 'self' 'wasm-unsafe-eval'`.
 */

import { full } from '../module.js';
import { type InitOptions, loader, type ModuleSource } from './load.js';

export * from '../api.js';
export type { InitOptions, ModuleSource };

const load = loader(full);

/**
 * Starts the module, once: every call waits for the same start, and one that failed can be repeated.
 *
 * @param source where it is; unless given, `countersign.wasm` as the package lays it out
 */
export function init(
  source: ModuleSource = new URL('../../generated/countersign.wasm', import.meta.url),
  options: InitOptions = {},
): Promise<void> {
  return load(source, options);
}
