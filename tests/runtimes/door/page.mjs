/** The page that `chromium.mjs` opens: fetches calls, answers them, and fetches more. */

import * as glue from '/module.js';
import { answer } from '/answer.mjs';

const module = glue.initSync({ module: await WebAssembly.compileStreaming(fetch('/module.wasm')) });
let replies;
while (true) {
  const calls = await post('/calls', replies);
  if (calls === null) break;
  replies = answer(module, calls);
}

/** Tells the replies to the calls before; the next calls, or null at the end. */
async function post(path, message = null) {
  const response = await fetch(path, { method: 'POST', body: JSON.stringify(message) });
  return response.json();
}
