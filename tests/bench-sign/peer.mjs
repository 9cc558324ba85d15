/** Peers are imported as they are needed: one that isn't installed is left out. */

/** The contender that `make` makes of a package, or why there is none. */
export async function peer(name, make) {
  try {
    return { name, ...make(await import(name)) };
  } catch (error) {
    if (error.code !== 'ERR_MODULE_NOT_FOUND') throw error;
    return { name, skipped: 'not installed; `npm ci` in tests/bench-sign' };
  }
}
