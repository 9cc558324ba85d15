import { createHash, createHmac } from 'node:crypto';

import { Credentials } from '../../../wasm/js/dist/schemes/adapter/node.js';

import { peer } from '../peer.mjs';
import { signerOf } from './signer.mjs';
import { ours, oursByDigest } from './vendor.mjs';

const ID = 'AKIDEXAMPLE';
const SECRET = 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY';
const [REGION, SERVICE] = ['us-east-1', 'execute-api'];
const KEYS = { accessKeyId: ID, secretAccessKey: SECRET };

export const name = 'aws-sigv4';

/** Neither peer verifies: what ours signed is given to them to sign again, at its date. */
export function contenders(request) {
  const sender = { keyid: ID, secret: SECRET, options: { region: REGION, service: SERVICE } };
  const credentials = new Credentials(sender);
  return Promise.all([
    ours('aws-sigv4', credentials, request),
    oursByDigest('aws-sigv4', credentials, request),
    signerOf({ ...sender, scheme: 'aws-sigv4' }, request),
    peer('aws4', aws4(request)),
    peer('aws4fetch', aws4fetch(request)),
  ]);
}

const aws4 = (request) => ({ default: aws4 }) => {
  const { host, pathname, search } = new URL(request.url);
  const parts = { method: request.method, host, path: pathname + search, service: SERVICE, region: REGION };
  return {
    // It writes into the object that it is given.
    sign: () => aws4.sign({ ...parts, headers: request.headers, body: request.body }, KEYS),
    fields: ({ headers }) => headers,
    signsAgain({ headers: { authorization, ...headers }, body }) {
      return aws4.sign({ ...parts, headers, body, doNotModifyHeaders: true }, KEYS).headers.Authorization;
    },
  };
};

/** The signer of `AwsClient.sign`, which makes a `Request` of its answer besides. */
const aws4fetch = (request) => ({ AwsV4Signer }) => {
  const options = { ...KEYS, service: SERVICE, region: REGION, cache: new Map() };
  return {
    sign: () => new AwsV4Signer({ ...request, ...options }).sign(),
    fields: ({ headers }) => Object.fromEntries(headers),
    async signsAgain({ headers: { authorization, ...headers }, ...signed }) {
      const datetime = headers['x-amz-date'];
      const again = new AwsV4Signer({ ...signed, headers, ...options, datetime, allHeaders: true });
      return (await again.sign()).headers.get('authorization');
    },
  };
};

export function floor({ headers, body, method, url }) {
  const datetime = headers['x-amz-date'];
  const day = datetime.slice(0, 8);
  const { host, pathname, search } = new URL(url);
  const digest = createHash('sha256').update(body).digest('hex');
  const fields = `content-type:${headers['content-type']}\nhost:${host}\nx-amz-date:${datetime}\n`;
  const canonical = [method, pathname, search.slice(1), fields, 'content-type;host;x-amz-date', digest].join('\n');
  const hash = createHash('sha256').update(canonical).digest('hex');
  const secret = [day, REGION, SERVICE, 'aws4_request'].reduce(
    (key, part) => createHmac('sha256', key).update(part).digest(),
    `AWS4${SECRET}`,
  );
  return {
    secret,
    base: Buffer.from(`AWS4-HMAC-SHA256\n${datetime}\n${day}/${REGION}/${SERVICE}/aws4_request\n${hash}`),
    signature: Buffer.from(/Signature=([0-9a-f]+)$/.exec(headers.authorization)[1], 'hex'),
    hashed: body,
  };
}
