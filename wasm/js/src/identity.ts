/** Which module runs. */

let sha256: string | undefined;

/**
 * The SHA-256 of the module's bytes, in lower-case hexadecimal: the same in every runtime.
 * `undefined` before the start, and where the platform gave a compiled module without its bytes.
 */
export function moduleSha256(): string | undefined {
  return sha256;
}

/** Keeps what the adapter computed of the bytes that it started. */
export function identify(hash: string | undefined): void {
  sha256 = hash;
}
