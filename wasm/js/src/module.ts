/** The one instance of the WebAssembly module, shared by all that this package exports. */

import { start, type Verbs, verbs } from './door.js';
import { identify } from './identity.js';

let started = false;

/**
 * Starts the module, once; later calls change nothing.
 *
 * @param hash SHA-256 of the module's bytes in hexadecimal, where the adapter could compute it
 */
export function startWith(module: WebAssembly.Module, hash?: string): void {
  if (started) return;
  start(module);
  started = true;
  identify(hash);
}

/** Whether the module has been started. */
export function isStarted(): boolean {
  return started;
}

/** The module's verbs. */
export function door(): Verbs {
  if (!started) {
    throw new Error('countersign is not started: await init() first (in Node and workerd, importing the package starts it)');
  }
  return verbs;
}
