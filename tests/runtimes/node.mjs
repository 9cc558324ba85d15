/** Runs the cases in this Node: `node node.mjs CASES.json`. */

import { roundTrip, run, signWithSigner } from './conformance.mjs';
import { casesAndOptions, report } from './driver.mjs';

const { cases } = casesAndOptions();
const countersign = await import('../../wasm/js/dist/adapter/node.js');
await roundTrip(countersign);
await signWithSigner(await import('../../wasm/js/dist/sign/adapter/node.js'), countersign);
report('node', process.versions.node, countersign.moduleSha256(), await run(countersign, cases));
