/** A server on this machine that keeps what arrives, and what every test does with it. */

import assert from 'node:assert/strict';
import { createServer } from 'node:http';

import { fromIncoming } from '../../wasm/js/dist/adapter/node.js';

/**
 * Starts a server that answers `{}` to everything, until the test ends.
 *
 * `arrived` takes the oldest request that is not taken yet, as it came over the wire: its header lines,
 * its target, the bytes of its body.
 */
export async function loopback(context) {
  const requests = [];
  const server = createServer(async (incoming, response) => {
    const chunks = await incoming.toArray();
    requests.push(fromIncoming(incoming, Buffer.concat(chunks)));
    response.setHeader('content-type', 'application/json');
    response.end('{}');
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  context.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const arrived = () => {
    assert.ok(requests.length > 0, 'no request arrived');
    return requests.shift();
  };
  return { origin: `http://127.0.0.1:${server.address().port}`, arrived };
}

/** Sends what our package signed: a plain object with a `url`. */
export async function send({ url, method, headers, body }) {
  await (await fetch(url, { method, headers, body })).text();
}

/** The value of a header field, or undefined. */
export function field(request, name) {
  return request.headers.find(([one]) => one.toLowerCase() === name)?.[1];
}

/** The header lines as an object with names in lower case, as most verifiers want them. */
export function fields(request) {
  return Object.fromEntries(request.headers.map(([name, value]) => [name.toLowerCase(), value]));
}

/** The same request with another value of a header field. */
export function withField(request, name, value) {
  const others = request.headers.filter(([one]) => one.toLowerCase() !== name);
  return { ...request, headers: [...others, [name, value]] };
}

/** The same request, one byte of the body changed. */
export function withOtherBody(request) {
  const body = Buffer.from(request.body);
  assert.ok(body.length > 0, 'there is no body to change');
  body[body.length >> 1] ^= 1;
  return { ...request, body };
}

/** The code that our refusal of this has. */
export async function refused(verifying) {
  try {
    await verifying;
  } catch (error) {
    assert.equal(error.name, 'Refusal', error.stack);
    return error.code;
  }
  assert.fail('it was accepted');
}
