/** Loads a module where there is `fetch`. */

import { toHex } from '../bytes.js';
import type { Instance } from '../instance.js';

/** Where the module comes from: an address, a response, its bytes, or compiled. */
export type ModuleSource = string | URL | Response | BufferSource | WebAssembly.Module;

/** How to load the module. */
export interface InitOptions {
  /** Subresource Integrity, such as `sha256-...`: the browser refuses other bytes. */
  readonly integrity?: string;
}

/** What starts the instance, once: every call waits for the same start, and one that failed can be repeated. */
export function loader(instance: Instance): (source: ModuleSource, options: InitOptions) => Promise<void> {
  let starting: Promise<void> | undefined;
  return (source, options) => {
    starting ??= start(instance, source, options).catch((error: unknown) => {
      starting = undefined;
      throw error;
    });
    return starting;
  };
}

async function start(instance: Instance, source: ModuleSource, options: InitOptions): Promise<void> {
  if (instance.isStarted) return;
  if (source instanceof WebAssembly.Module) return instance.start(source);
  if (typeof source === 'string' || source instanceof URL) {
    return start(instance, await fetch(source, options.integrity ? { integrity: options.integrity } : {}), options);
  }
  if (!(source instanceof Response)) return instance.start(await WebAssembly.compile(source), await hash(source));
  if (!source.ok) throw new Error(`the server answered ${source.status} for the module ${source.url}`);
  const copy = source.clone();
  const module = await WebAssembly.compileStreaming(source);
  instance.start(module, await hash(await copy.arrayBuffer()));
}

async function hash(bytes: BufferSource): Promise<string | undefined> {
  // Outside a secure context a browser has no `subtle`.
  return crypto.subtle && toHex(new Uint8Array(await crypto.subtle.digest('SHA-256', bytes)));
}
