import { Credentials } from '../../../wasm/js/dist/schemes/adapter/node.js';

import { peer } from '../peer.mjs';
import { signerOf } from './signer.mjs';
import { ours } from './vendor.mjs';

const KEY = Buffer.alloc(32, 7);
const SECRET = `whsec_${KEY.toString('base64')}`;
const ID = 'msg_2KWPBgLlAfxdpx2AI54pPJ85f4W';

export const name = 'standard-webhooks';

/** The body is hashed in the HMAC itself, so no digest can stand for it. */
export function contenders(request) {
  const credentials = new Credentials({ secret: SECRET });
  return Promise.all([
    ours('standard-webhooks', credentials, request, { nonce: ID }),
    signerOf({ scheme: 'standard-webhooks', secret: SECRET }, request, { nonce: ID }),
    peer('standardwebhooks', library(request)),
  ]);
}

const library = (request) => ({ Webhook }) => {
  const webhook = new Webhook(SECRET);
  const payload = request.body.toString();
  return {
    sign() {
      const now = new Date();
      return {
        'webhook-id': ID,
        'webhook-timestamp': String(Math.floor(now.getTime() / 1000)),
        'webhook-signature': webhook.sign(ID, now, payload),
      };
    },
    fields: (headers) => headers,
    verifier({ headers, body }) {
      const payload = body.toString();
      const options = { jsonParse: false };
      // It gives nothing, and throws what is wrong.
      return () => webhook.verify(payload, headers, options) === undefined;
    },
  };
};

export function floor({ headers, body }) {
  return {
    secret: KEY,
    base: Buffer.concat([Buffer.from(`${headers['webhook-id']}.${headers['webhook-timestamp']}.`), body]),
    signature: Buffer.from(headers['webhook-signature'].slice('v1,'.length), 'base64'),
  };
}
