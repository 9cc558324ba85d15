/** Starts a module from its file, for Node, Deno and Bun. */

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

import type { Instance } from '../instance.js';

/** Starts the instance unless it runs, before anything else is imported. */
export function startFrom(file: URL, instance: Instance): void {
  if (instance.isStarted) return;
  const bytes = readFileSync(file);
  instance.start(new WebAssembly.Module(bytes), createHash('sha256').update(bytes).digest('hex'));
}
