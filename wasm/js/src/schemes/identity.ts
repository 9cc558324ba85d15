/** Which module runs. */

import { vendors } from './module.js';

/** The SHA-256 of the module's bytes, as that of the main entry. */
export function moduleSha256(): string | undefined {
  return vendors.sha256;
}
