/** Times works that take turns: a batch each, and each round begins with another of them. */

/** Nanoseconds of a batch: short, so that few are interrupted. */
const BATCH = 5e5;
/** Microseconds of the processor before: V8 compiles what is used much once more, functions of a module too. */
const WARM_UP = 5e5;

/**
 * The median over all batches, in nanoseconds for one time.
 *
 * @param works functions by name; a promise that one gives is awaited before the next time
 */
export async function measure(works, rounds) {
  const turns = [];
  for (const [name, work] of works) {
    const batch = work() instanceof Promise ? awaited : direct;
    turns.push({ name, work, batch, times: await times(work, batch), batches: [] });
  }
  for (let round = 0; round < rounds; round += 1) {
    for (let turn = 0; turn < turns.length; turn += 1) {
      const { work, batch, times, batches } = turns[(round + turn) % turns.length];
      batches.push((await batch(work, times)) / times);
    }
  }
  return new Map(turns.map(({ name, batches }) => [name, median(batches)]));
}

/** How many times make a batch, once the work is warm. */
async function times(work, batch) {
  let least = Infinity;
  const before = process.cpuUsage();
  for (let spent = 0; spent < WARM_UP; ) {
    // The others were interrupted, or not warm yet.
    least = Math.min(least, await batch(work, 16));
    const { user, system } = process.cpuUsage(before);
    spent = user + system;
  }
  return Math.max(1, Math.round((16 * BATCH) / least));
}

function direct(work, times) {
  const start = process.hrtime.bigint();
  for (let time = 0; time < times; time += 1) work();
  return Number(process.hrtime.bigint() - start);
}

async function awaited(work, times) {
  const start = process.hrtime.bigint();
  for (let time = 0; time < times; time += 1) await work();
  return Number(process.hrtime.bigint() - start);
}

function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[sorted.length >> 1];
}
