/** The worker that `workerd.mjs` starts: a POST of calls is answered with their replies. */

import * as glue from './module.js';
import compiled from './module.wasm';

import { answer } from './answer.mjs';

const module = glue.initSync({ module: compiled });

export default {
  async fetch(request) {
    return Response.json(request.method === 'POST' ? answer(module, await request.json()) : 'started');
  },
};
