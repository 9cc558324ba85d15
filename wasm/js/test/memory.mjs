/** Searching a module's memory for what must not be there. */

import assert from 'node:assert/strict';

/** What of a secret must be nowhere in the module's memory: its texts, its bytes, its padded HMAC keys. */
export function traces(secret, ...texts) {
  const padded = [0x36, 0x5c].map((pad) => secret.map((byte) => byte ^ pad));
  const halves = [secret, ...padded].flatMap((bytes) => [bytes.subarray(0, 16), bytes.subarray(16, 32)]);
  return [...halves, ...texts.flatMap((text) => [text.slice(0, 24), text.slice(-24)]).map((text) => Buffer.from(text))];
}

/** Nothing of this is anywhere in the memory. */
export function assertGoneFrom(memory, what) {
  const bytes = Buffer.from(memory.buffer);
  for (const trace of what) {
    const at = bytes.indexOf(trace);
    assert.equal(at, -1, `a trace of the secret is in the module's memory at ${at}`);
  }
}
