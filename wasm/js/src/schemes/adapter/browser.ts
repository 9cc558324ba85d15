/** The entry of vendors' schemes for browsers, and wherever else there is `fetch`: await {@link init} first. */

import { type InitOptions, loader, type ModuleSource } from '../../adapter/load.js';
import { vendors } from '../module.js';

export * from '../api.js';
export type { InitOptions, ModuleSource };

const load = loader(vendors);

/**
 * Starts the module, once: every call waits for the same start, and one that failed can be repeated.
 *
 * @param source where it is; unless given, `countersign-schemes.wasm` as the package lays it out
 */
export function init(
  source: ModuleSource = new URL('../../../generated/countersign-schemes.wasm', import.meta.url),
  options: InitOptions = {},
): Promise<void> {
  return load(source, options);
}
