import assert from 'node:assert/strict';
import { createHash, createHmac } from 'node:crypto';
import { test } from 'node:test';

import { checkContentDigest, ContentDigest, contentDigest, hmacSha256, moduleSha256 } from 'countersign';

import { refusal } from './fixtures.mjs';

test('digests are those of the platform, whole and in pieces', () => {
  const body = Buffer.from('{"hello": "world"}\n');
  for (const [name, hash] of [['sha-256', 'sha256'], ['sha-512', 'sha512']]) {
    const bytes = createHash(hash).update(body).digest();
    const field = `${name}=:${bytes.toString('base64')}:`;
    assert.equal(contentDigest(body, name), field);
    const pieces = new ContentDigest(name).update(body.subarray(0, 3)).update(body.subarray(3).toString()).finish();
    assert.equal(pieces.field, field);
    assert.deepEqual(Buffer.from(pieces.bytes), bytes);
  }
  assert.throws(() => contentDigest(body, 'md5'), refusal('digest_algorithm_unsupported'));
});

test('a digest field is checked against the body', () => {
  const headers = new Headers({ 'content-digest': contentDigest('body') });
  assert.equal(checkContentDigest(headers, 'body'), true);
  assert.equal(checkContentDigest({}, 'body'), false);
  assert.equal(checkContentDigest([['Repr-Digest', contentDigest('body')]], 'body', 'repr-digest'), true);
  assert.throws(() => checkContentDigest(headers, 'Body'), refusal('digest_mismatch'));
});

test('the MAC is that of the platform', () => {
  for (const length of [0, 1, 64, 65, 200]) {
    const key = Buffer.alloc(length, 3);
    const message = Buffer.alloc(length, 5);
    assert.deepEqual(Buffer.from(hmacSha256(key, message)), createHmac('sha256', key).update(message).digest());
  }
});

test('the module says which one it is', () => {
  assert.match(moduleSha256(), /^[0-9a-f]{64}$/);
});
