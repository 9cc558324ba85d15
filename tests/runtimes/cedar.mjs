/** Answers Cedar's conformance data by the module in this Node: `node cedar.mjs CASES.json`. */

import { casesAndOptions, report } from './driver.mjs';

const { cases } = casesAndOptions();
const { Bundle, Entities, moduleSha256 } = await import('../../wasm/js/dist/adapter/node.js');

const bytes = (base64) => Uint8Array.from(Buffer.from(base64, 'base64'));

const results = cases.map((one) => {
  const bundle = new Bundle(bytes(one.bundle));
  const entities = new Entities(bundle, one.entities);
  const answers = one.queries.map((query) => {
    const { effect, reasons, errors } = entities.decideCompact(bytes(query));
    return { allowed: effect === 'allow', reasons, errors };
  });
  entities.close();
  bundle.close();
  return { answers };
});
report('node', process.versions.node, moduleSha256(), results);
