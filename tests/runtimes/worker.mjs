/** The worker that `workerd.mjs` starts: a GET is answered with the module's hash, a POST of cases with their answers. */

import * as countersign from './dist/adapter/workerd.js';
import * as signing from './dist/sign/adapter/workerd.js';
import bytes from './generated/countersign.wasm.data';

import { roundTrip, run, signWithSigner } from './conformance.mjs';

export default {
  async fetch(request) {
    try {
      if (request.method === 'POST') return Response.json(await run(countersign, await request.json()));
      await roundTrip(countersign);
      await signWithSigner(signing, countersign);
      return Response.json(hexadecimal(await crypto.subtle.digest('SHA-256', bytes)));
    } catch (error) {
      return new Response(`${error.stack}`, { status: 500 });
    }
  },
};

function hexadecimal(buffer) {
  return Array.from(new Uint8Array(buffer), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
