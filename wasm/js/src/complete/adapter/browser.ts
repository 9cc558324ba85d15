/** The entry of the complete module for browsers, and wherever else there is `fetch`: await {@link init} first. */

import { type InitOptions, loader, type ModuleSource } from '../../adapter/load.js';
import { full } from '../../module.js';

export * from '../api.js';
export type { InitOptions, ModuleSource };

const load = loader(full);

/**
 * Starts the module, once: every call waits for the same start, and one that failed can be repeated. Use it in
 * place of the main entry's.
 *
 * @param source where it is; unless given, `countersign-complete.wasm` as the package lays it out
 */
export function init(
  source: ModuleSource = new URL('../../../generated/countersign-complete.wasm', import.meta.url),
  options: InitOptions = {},
): Promise<void> {
  return load(source, options);
}
