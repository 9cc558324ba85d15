/** The worker that `workerd.mjs` starts: cases come in by POST, results go out. */

import * as countersign from './dist/adapter/workerd.js';
import bytes from './generated/countersign.wasm.data';

import { run } from './conformance.mjs';

export default {
  async fetch(request) {
    if (request.method === 'GET') {
      const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
      return Response.json(Array.from(hash, (byte) => byte.toString(16).padStart(2, '0')).join(''));
    }
    try {
      return Response.json(await run(countersign, await request.json()));
    } catch (error) {
      return new Response(`${error.stack}`, { status: 500 });
    }
  },
};
