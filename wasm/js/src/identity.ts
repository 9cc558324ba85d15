/** Which module runs. */

import { full } from './module.js';

/**
 * The SHA-256 of the module's bytes, in lower-case hexadecimal: the same in every runtime.
 * `undefined` before the start, and where the platform gave a compiled module without its bytes.
 */
export function moduleSha256(): string | undefined {
  return full.sha256;
}
