import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import * as countersign from 'countersign/browser';

test('the browser entry is started by hand, once', async () => {
  assert.throws(() => countersign.tokenCheck('csk_'), /not started/);
  assert.equal(countersign.moduleSha256(), undefined);

  await assert.rejects(countersign.init(new Response('', { status: 404 })), /404/);
  await assert.rejects(countersign.init(new Uint8Array(4)), WebAssembly.CompileError);

  const bytes = readFileSync(new URL(import.meta.resolve('countersign/countersign.wasm')));
  const response = new Response(bytes, { headers: { 'content-type': 'application/wasm' } });
  await Promise.all([countersign.init(response), countersign.init()]);
  await countersign.init();
  assert.match(countersign.moduleSha256(), /^[0-9a-f]{64}$/);
  assert.throws(() => countersign.tokenCheck('csk_'), { code: 'token_malformed' });
});
