/** Others' outputs and verdicts, at `../shared/vectors/signing` beside the repository. */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Credentials, Refusal, Scheme } from 'countersign/schemes';

import { casesOf, isThere, requestOf, rowOf, senderOf } from './vendor-cases.mjs';

/** Where a vendor's own library accepts what is refused here on purpose. */
const STRICTER = new Map([
  ['stripe future 3600', 'a timestamp an hour ahead would be good for an hour longer than the window says'],
]);

/** The time at which every library was run, in milliseconds. */
const RUN = 1_700_000_000_123;

function nowOf({ now_ms: ms, now, timestamp }) {
  if (ms != null) return ms;
  const stamp = Number(now ?? timestamp ?? Number.NaN);
  if (Number.isNaN(stamp)) return RUN;
  return stamp > 1e12 ? stamp : stamp * 1000;
}

async function isAccepted(one) {
  const tolerance = one.tolerance == null ? undefined : one.tolerance * 1000;
  try {
    await Scheme.named(rowOf(one)).verify(requestOf(one), new Credentials(senderOf(one)), { now: nowOf(one), tolerance });
    return true;
  } catch (error) {
    if (error instanceof Refusal) return false;
    throw error;
  }
}

for (const family of ['exchanges', 'webhooks']) {
  const skip = isThere(family) ? false : `skipped: the vectors of ${family} are not there`;
  test(`${family}: each case is verified as its library does, or more strictly with a reason`, { skip }, async (context) => {
    const counts = {};
    for (const one of casesOf(family)) {
      const expected = one.result === 'valid' && !STRICTER.has(one.name);
      assert.equal(await isAccepted(one), expected, one.name);
      counts[one.vendor] = (counts[one.vendor] ?? 0) + 1;
    }
    context.diagnostic(Object.entries(counts).map(([vendor, count]) => `${vendor} ${count}`).join(', '));
  });
}
