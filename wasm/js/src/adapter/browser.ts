/**
 * The entry for browsers, and wherever else there is `fetch`: await {@link init} before anything else.
 *
 * It works under a Content-Security-Policy of `script-src 'self' 'wasm-unsafe-eval'`.
 */

import { toHex } from '../bytes.js';
import { isStarted, startWith } from '../module.js';

export * from '../api.js';

/** Where the module comes from: an address, a response, its bytes, or compiled. */
export type ModuleSource = string | URL | Response | BufferSource | WebAssembly.Module;

/** How to load the module. */
export interface InitOptions {
  /** Subresource Integrity, such as `sha256-...`: the browser refuses other bytes. */
  readonly integrity?: string;
}

let starting: Promise<void> | undefined;

/**
 * Starts the module, once: every call waits for the same start, and one that failed can be repeated.
 *
 * @param source where it is; unless given, `countersign.wasm` as the package lays it out
 */
export function init(
  source: ModuleSource = new URL('../../generated/countersign.wasm', import.meta.url),
  options: InitOptions = {},
): Promise<void> {
  starting ??= start(source, options).catch((error: unknown) => {
    starting = undefined;
    throw error;
  });
  return starting;
}

async function start(source: ModuleSource, options: InitOptions): Promise<void> {
  if (isStarted()) return;
  if (source instanceof WebAssembly.Module) return startWith(source);
  if (typeof source === 'string' || source instanceof URL) {
    return start(await fetch(source, options.integrity ? { integrity: options.integrity } : {}), options);
  }
  if (!(source instanceof Response)) return startWith(await WebAssembly.compile(source), await hash(source));
  if (!source.ok) throw new Error(`countersign.wasm: the server answered ${source.status}`);
  const copy = source.clone();
  const module = await WebAssembly.compileStreaming(source);
  startWith(module, await hash(await copy.arrayBuffer()));
}

async function hash(bytes: BufferSource): Promise<string | undefined> {
  // Outside a secure context a browser has no `subtle`.
  return crypto.subtle && toHex(new Uint8Array(await crypto.subtle.digest('SHA-256', bytes)));
}
