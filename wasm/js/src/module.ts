/** The one instance of the WebAssembly module, shared by all that this package exports. */

import * as glue from '../generated/countersign.js';

import { identify } from './identity.js';

/** What the module exports, each verb answering with a frame (see `frame.ts`). */
export type Door = Omit<typeof glue, 'default' | 'initSync'>;

let started = false;

/**
 * Starts the module, once; later calls change nothing.
 *
 * @param hash SHA-256 of the module's bytes in hexadecimal, where the adapter could compute it
 */
export function startWith(module: WebAssembly.Module, hash?: string): void {
  if (started) return;
  glue.initSync({ module });
  started = true;
  identify(hash);
}

/** Whether the module has been started. */
export function isStarted(): boolean {
  return started;
}

/** The module's verbs. */
export function door(): Door {
  if (!started) {
    throw new Error('countersign is not started: await init() first (in Node and workerd, importing the package starts it)');
  }
  return glue;
}
