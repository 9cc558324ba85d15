/** The worker that `workerd.mjs` starts: a POST of calls is answered with their replies. */

import * as glue from './module.js';
import module from './module.wasm';

import { answer } from './answer.mjs';

glue.initSync({ module });

export default {
  async fetch(request) {
    return Response.json(request.method === 'POST' ? answer(glue, await request.json()) : 'started');
  },
};
