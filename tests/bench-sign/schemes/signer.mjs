/** The module that only signs, beside the one that verifies as well. */

import { Signer } from '../../../wasm/js/dist/sign/adapter/node.js';

/** What it is called in the table. */
export const SIGNER = 'countersign/sign';

/** It verifies nothing: what it signs, the others judge. */
export function signerOf(init, request, moment) {
  const signer = new Signer(init);
  return { name: SIGNER, sign: () => signer.sign(request, moment), fields: ({ headers }) => headers };
}
