/** Runs the cases in this Node: `node node.mjs CASES.json`. */

import * as countersign from '../../wasm/js/dist/adapter/node.js';
import { run } from './conformance.mjs';
import { casesAndOptions, report } from './driver.mjs';

const { cases } = casesAndOptions();
report('node', process.versions.node, countersign.moduleSha256(), await run(countersign, cases));
