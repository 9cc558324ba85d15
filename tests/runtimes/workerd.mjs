/** Runs the cases in workerd: `node workerd.mjs CASES.json`. */

import { join } from 'node:path';

import { casesAndOptions, chunks, HERE, PACKAGE, packageFiles, report } from './driver.mjs';
import { embed, withWorker } from './workerd-process.mjs';

const { cases } = casesAndOptions();
const modules = [
  embed('worker.mjs', 'esModule', join(HERE, 'worker.mjs')),
  embed('conformance.mjs', 'esModule', join(HERE, 'conformance.mjs')),
  ...packageFiles()
    .filter((file) => !/adapter\/(node|browser)\.js$/.test(file))
    .map((file) => embed(file, file.endsWith('.wasm') ? 'wasm' : 'esModule', join(PACKAGE, file))),
  // The bytes once more, as data.
  embed('generated/countersign.wasm.data', 'data', join(PACKAGE, 'generated/countersign.wasm')),
];
await withWorker(modules, async (version, sha256, post) => {
  const results = [];
  for (const chunk of chunks(cases)) results.push(...(await post(chunk)));
  report('workerd', version, sha256, results);
});
