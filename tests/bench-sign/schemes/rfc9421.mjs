import { createHash, createHmac, timingSafeEqual } from 'node:crypto';

import { sign, SigningKey, Verifier } from '../../../wasm/js/dist/adapter/node.js';

import { peer } from '../peer.mjs';
import { signerOf } from './signer.mjs';
import { digestOf } from './vendor.mjs';

const SECRET = Buffer.alloc(32, 7);
const ID = 'k7';
const NONCE = '0123456789abcdef0123456789abcdef';
const COMPONENTS = ['@method', '@authority', '@path', '@query', 'content-digest'];
const PARAMETERS = ['created', 'keyid', 'nonce'];

export const name = 'rfc9421';

/** From 16 KiB on, ours has the platform hash the body without being asked. */
export const hashesByPlatform = true;

/** Neither peer hashes the body: `node:crypto` does it for them, as a caller would. */
export function contenders(request) {
  return Promise.all([
    ours(request),
    oursByDigest(request),
    signerOf({ keyid: ID, secret: SECRET }, request, options),
    peer('http-message-signatures', httpMessageSignatures(request)),
    peer('http-message-sig', httpMessageSig(request)),
  ]);
}

const key = SigningKey.open(ID, SECRET);
const verifier = new Verifier({
  keyring: { keys: [{ keyid: ID, environment: 'live', secret: SECRET.toString('base64') }] },
  profile: { environment: 'live' },
});
const options = { nonce: NONCE };

async function verified(request) {
  const authentic = await verifier.verify(request);
  authentic.close();
  return true;
}

function ours(request) {
  return {
    name: 'node',
    sign: () => sign(request, key, options),
    fields: ({ headers }) => headers,
    verifier: (signed) => () => verified(signed),
  };
}

function oursByDigest({ body, ...request }) {
  return {
    name: 'node/digest',
    sign: () => sign({ ...request, bodyDigest: digestOf(body) }, key, options),
    fields: ({ headers }) => headers,
    verifier: ({ body, ...signed }) => () => verified({ ...signed, bodyDigest: digestOf(body) }),
  };
}

const httpMessageSignatures = (request) => (module) => {
  const { createSigner, createVerifier, httpbis } = module.default;
  const { method, url, headers, body } = request;
  const signing = { key: createSigner(SECRET, 'hmac-sha256', ID), name: 'sig1', fields: COMPONENTS, params: PARAMETERS };
  const known = { id: ID, algs: ['hmac-sha256'], verify: createVerifier(SECRET, 'hmac-sha256') };
  const checking = {
    keyLookup: ({ keyid }) => (keyid === ID ? known : null),
    requiredFields: COMPONENTS,
    requiredParams: PARAMETERS,
    maxAge: 300,
    tolerance: 30,
    all: true,
  };
  return {
    sign() {
      const message = { method, url, headers: { ...headers, 'content-digest': contentDigest(body) } };
      return httpbis.signMessage({ ...signing, paramValues: { nonce: NONCE } }, message);
    },
    fields: ({ headers }) => headers,
    verifier: ({ body, ...message }) => async () =>
      hasDigest(message.headers['content-digest'], body) && (await httpbis.verifyMessage(checking, message)) === true,
  };
};

/** Its own keys are public ones; it takes any signer, so `node:crypto` makes the HMAC. */
const httpMessageSig = (request) => ({ createSignatureSync, verifySignature }) => {
  const { method, url: targetUri, headers, body } = request;
  const lines = linesOf(headers);
  const hmac = {
    algorithm: 'hmac-sha256',
    sign: (base) => createHmac('sha256', SECRET).update(base).digest(),
    verify: (base, signature) => timingSafeEqual(hmac.sign(base), signature),
  };
  const policy = {
    algorithms: ['hmac-sha256'],
    requiredComponents: COMPONENTS,
    requiredParameters: PARAMETERS,
    maxAge: 300,
    clockSkew: 30,
  };
  const resolveVerifier = ({ parameters }) => {
    if (parameters.keyid !== ID) throw new Error('unknown key');
    return hmac;
  };
  return {
    sign() {
      const digest = contentDigest(body);
      const fields = [...lines, { name: 'content-digest', value: digest }];
      const parameters = { created: Math.floor(Date.now() / 1000), keyid: ID, nonce: NONCE };
      const signed = createSignatureSync(
        { kind: 'request', method, targetUri, fields },
        { signer: hmac, components: COMPONENTS, parameters },
      );
      return { 'content-digest': digest, 'signature-input': signed.signatureInput, signature: signed.signature };
    },
    fields: (headers) => headers,
    verifier({ method, url: targetUri, headers, body }) {
      const message = { kind: 'request', method, targetUri, fields: linesOf(headers) };
      return async () =>
        hasDigest(headers['content-digest'], body) &&
        (await verifySignature(message, { policy, resolveVerifier })).label === 'sig1';
    },
  };
};

function linesOf(headers) {
  return Object.entries(headers).map(([name, value]) => ({ name, value }));
}

function contentDigest(body) {
  return `sha-256=:${createHash('sha256').update(body).digest('base64')}:`;
}

function hasDigest(field, body) {
  if (field !== contentDigest(body)) throw new Error('another body');
  return true;
}

export function floor({ method, url, headers, body }) {
  const { host, pathname, search } = new URL(url);
  const parameters = headers['signature-input'].slice('sig1='.length);
  const values = [method, host, pathname, search, headers['content-digest']];
  const lines = COMPONENTS.map((name, place) => `"${name}": ${values[place]}`);
  return {
    secret: SECRET,
    base: Buffer.from([...lines, `"@signature-params": ${parameters}`].join('\n')),
    signature: Buffer.from(headers.signature.slice('sig1=:'.length, -1), 'base64'),
    hashed: body,
  };
}
