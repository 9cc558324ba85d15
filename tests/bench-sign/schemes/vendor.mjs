/** Ours, for a scheme of `countersign/schemes`. */

import { createHash } from 'node:crypto';

import { Scheme } from '../../../wasm/js/dist/schemes/adapter/node.js';

/** Signs and verifies as it is called by default: all bytes of the body go into the module. */
export function ours(name, credentials, request, moment) {
  const scheme = Scheme.named(name);
  return {
    name: 'node',
    sign: () => scheme.sign(request, credentials, moment),
    fields: ({ headers }) => headers,
    verifier: (signed) => () => scheme.verify(signed, credentials),
  };
}

/** The same, with the body's digest in its place, which `node:crypto` makes. */
export function oursByDigest(name, credentials, { body, ...request }) {
  const scheme = Scheme.named(name);
  return {
    name: 'node/digest',
    sign: () => scheme.sign({ ...request, bodyDigest: digestOf(body) }, credentials),
    fields: ({ headers }) => headers,
    verifier: ({ body, ...signed }) => () => scheme.verify({ ...signed, bodyDigest: digestOf(body) }, credentials),
  };
}

/** A body's digest, as a request carries it in the body's place. */
export function digestOf(body) {
  return { algorithm: 'sha-256', value: createHash('sha256').update(body).digest() };
}
