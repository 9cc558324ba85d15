import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import * as main from 'countersign/browser';
import * as schemes from 'countersign/schemes/browser';

const file = (name) => readFileSync(new URL(import.meta.resolve(`countersign/${name}`)));

test('each of the two modules is started by hand, on its own', async () => {
  assert.throws(() => schemes.Scheme.named('okx'), /not started/);
  await assert.rejects(schemes.init(new Response('', { status: 404 })), /404/);
  await schemes.init(file('countersign-schemes.wasm'));
  assert.equal(schemes.Scheme.named('okx').name, 'okx');
  assert.match(schemes.moduleSha256(), /^[0-9a-f]{64}$/);

  assert.throws(() => main.tokenCheck('csk_'), /not started/);
  await main.init(file('countersign.wasm'));
  assert.notEqual(main.moduleSha256(), schemes.moduleSha256());
});

test('an object of one is refused by the other, where their handles are alike', async () => {
  const key = main.SigningKey.open('k7', new Uint8Array(32));
  const credentials = new schemes.Credentials({ secret: 'a secret' });
  const request = { method: 'GET', url: 'https://a.example/', headers: {} };
  await assert.rejects(main.sign(request, credentials), { code: 'handle_unknown' });
  await assert.rejects(schemes.Scheme.named('slack').sign(request, key), { code: 'handle_unknown' });
});
