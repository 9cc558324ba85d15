import { Credentials } from '../../../wasm/js/dist/schemes/adapter/node.js';

import { peer } from '../peer.mjs';
import { signerOf } from './signer.mjs';
import { ours } from './vendor.mjs';

const SECRET = 'whsec_bench0123456789abcdefghijklmnop';

export const name = 'stripe';

/** The body is hashed in the HMAC itself, so no digest can stand for it. */
export function contenders(request) {
  return Promise.all([
    ours('stripe', new Credentials({ secret: SECRET }), request),
    signerOf({ scheme: 'stripe', secret: SECRET }, request),
    peer('stripe', library(request)),
  ]);
}

/** `verifyHeader` is what `constructEvent` does before it parses the body as JSON. */
const library = (request) => (module) => {
  const { webhooks } = new module.default('sk_test_bench');
  const payload = request.body.toString();
  return {
    sign: () => webhooks.generateTestHeaderString({ payload, secret: SECRET }),
    fields: (header) => ({ 'stripe-signature': header }),
    verifier({ headers, body }) {
      const [payload, header] = [body.toString(), headers['stripe-signature']];
      return () => webhooks.signature.verifyHeader(payload, header, SECRET, 300);
    },
  };
};

export function floor({ headers, body }) {
  const [, timestamp, signature] = /^t=(\d+),v1=([0-9a-f]+)$/.exec(headers['stripe-signature']);
  return {
    secret: Buffer.from(SECRET),
    base: Buffer.concat([Buffer.from(`${timestamp}.`), body]),
    signature: Buffer.from(signature, 'hex'),
  };
}
