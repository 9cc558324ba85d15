/** The rows as a table, under the machine that they were measured on. */

import { cpus } from 'node:os';

import { moduleSha256 } from '../../wasm/js/dist/adapter/node.js';
import { moduleSha256 as schemesSha256 } from '../../wasm/js/dist/schemes/adapter/node.js';

const WIDTHS = [-17, -10, -11, 8, -23, 11, 7, 0];

export function print(rows) {
  console.log(`processor: ${cpus()[0]?.model ?? 'unknown'}`);
  console.log(`Node: ${process.versions.node}`);
  console.log(`modules: ${moduleSha256()}\n         ${schemesSha256()}\n`);
  console.log(line(['bench', 'case', 'runtime', 'ours ns', 'baseline', 'baseline ns', 'speedup', 'goal']));
  for (const row of rows) {
    const goal = row.goal === null ? '' : `${row.goal}: ${row.reached ? 'reached' : 'missed'}`;
    const [ours, theirs] = [row.ours_ns.toFixed(0), row.baseline_ns.toFixed(0)];
    console.log(line([row.bench, row.case, row.runtime, ours, row.baseline, theirs, row.speedup.toFixed(2), goal]));
  }
}

function line(cells) {
  const padded = cells.map((cell, place) => {
    const width = WIDTHS[place];
    return width < 0 ? cell.padEnd(-width) : cell.padStart(width);
  });
  return padded.join('  ').trimEnd();
}
