/** botocore signs requests to AWS and our rows verify; our rows sign and botocore's signer has the same signature. */

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { Credentials, Scheme } from '../../wasm/js/dist/schemes/adapter/node.js';
import { field, fields, loopback, refused, send, withOtherBody } from './loopback.mjs';

const KEYID = 'AKIDEXAMPLE';
const SECRET = 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY';
const OTHER = 'another secret of another account';
const REGION = 'eu-west-1';

/** What is sent: the service, the session token, and the request. */
const REQUESTS = [
  { service: 's3', method: 'PUT', path: '/bucket/a%20key//it%27s%2B.txt?tagging&x=a%2Fb', body: 'hello' },
  { service: 's3', method: 'GET', path: '/bucket?list-type=2&prefix=a%2Fb%20c&delimiter=', token: 'a/session+token==' },
  { service: 'dynamodb', method: 'POST', path: '/', body: '{"TableName":"Zoë"}' },
  { service: 'execute-api', method: 'GET', path: '/live/a%20b//it%27s?z=1&a=%C3%AB&a=b', token: 'a/session+token==' },
];

/** Our rows, and who of botocore's signers signs so: for S3, and for every other service. */
const ROWS = [
  ['aws-sigv4', 'S3SigV4Auth', 'SigV4Auth'],
  ['aws-sigv4-query', 'S3SigV4QueryAuth', 'SigV4QueryAuth'],
];

const python = await environment();

for (const [row, signerOfS3, signerOfOthers] of ROWS) {
  for (const { service, method, path, body, token } of REQUESTS) {
    // A presigned address carries no body: botocore moves it into the query.
    if (row === 'aws-sigv4-query' && body !== undefined && service !== 's3') continue;
    const signer = service === 's3' ? signerOfS3 : signerOfOthers;
    const headers = method === 'POST' ? { 'Content-Type': 'application/x-amz-json-1.0' } : {};
    const job = { signer, service, region: REGION, keyid: KEYID, secret: SECRET, token, method, headers };
    const scheme = Scheme.named(row);
    const sent = row === 'aws-sigv4-query' ? undefined : body;
    const name = `${method} ${service} ${path}`;

    test(`botocore signs ${name} by ${signer}, we verify by ${row}`, { skip: python.skipped }, async (context) => {
      const server = await loopback(context);
      assert.deepEqual(await botocore({ ...job, action: 'send', url: server.origin + path, body: sent }), [200]);
      const arrived = server.arrived();
      const { keyid, coversBody } = await scheme.verify(arrived, credentialsOf(SECRET, service));
      assert.equal(keyid, KEYID);
      const wrong = await refused(scheme.verify(arrived, credentialsOf(OTHER, service)));
      const changes = { path: { ...arrived, target: `/x${arrived.target}` } };
      if (sent !== undefined) {
        assert.equal(coversBody, true);
        changes.body = withOtherBody(arrived);
      }
      const codes = [];
      for (const [part, changed] of Object.entries(changes)) {
        codes.push(`other ${part} ${await refused(scheme.verify(changed, credentialsOf(SECRET, service)))}`);
      }
      console.log(`botocore ${signer} -> ${row}: ${name} verified; other secret ${wrong}, ${codes.join(', ')}`);
    });

    test(`we sign ${name} by ${row}, botocore's ${signer} has the same signature`, { skip: python.skipped }, async (context) => {
      const server = await loopback(context);
      const request = { method, url: server.origin + path, headers, body: sent };
      await send(await scheme.sign(request, credentialsOf(SECRET, service, token)));
      const arrived = server.arrived();
      const { signature, signed } = row === 'aws-sigv4' ? inHeader(arrived) : inQuery(arrived);
      const compute = { ...job, action: 'compute', ...signed, url: server.origin + signed.target, body: sent };
      const [same, otherSecret, otherPath] = await botocore(
        compute,
        { ...compute, secret: OTHER },
        { ...compute, url: `${server.origin}/x${signed.target}` },
      );
      assert.equal(same, signature);
      assert.notEqual(otherSecret, signature);
      assert.notEqual(otherPath, signature);
      console.log(`${row} -> botocore ${signer}: ${name} signed alike; other secret and other path differ`);
    });
  }
}

function credentialsOf(secret, service, token) {
  return new Credentials({ keyid: KEYID, secret, options: { region: REGION, service, 'session-token': token } });
}

/** The signature that arrived in `Authorization`, and what it is over. */
function inHeader(arrived) {
  const [, names, signature] = /SignedHeaders=([^,]+), ?Signature=(\w+)/.exec(field(arrived, 'authorization'));
  const { target } = arrived;
  return { signature, signed: { target, headers: only(arrived, names), timestamp: field(arrived, 'x-amz-date') } };
}

/** The signature that arrived in the query, and what it is over. */
function inQuery(arrived) {
  const query = new URL(arrived.target, 'http://127.0.0.1').searchParams;
  const target = arrived.target.replace(/&X-Amz-Signature=\w+/, '');
  const headers = only(arrived, query.get('X-Amz-SignedHeaders'));
  return { signature: query.get('X-Amz-Signature'), signed: { target, headers, timestamp: query.get('X-Amz-Date') } };
}

function only(arrived, names) {
  const all = fields(arrived);
  return Object.fromEntries(names.split(';').map((name) => [name, all[name]]));
}

/** Lets botocore do jobs. */
function botocore(...jobs) {
  const script = fileURLToPath(new URL('botocore_peer.py', import.meta.url));
  return new Promise((resolve, reject) => {
    const child = execFile(python.path, [script], (error, stdout) => (error ? reject(error) : resolve(JSON.parse(stdout))));
    child.stdin.end(JSON.stringify(jobs));
  });
}

/** Python with botocore, in an environment of its own that is made once; or why there is none. */
async function environment() {
  const requirements = new URL('requirements.txt', import.meta.url);
  const folder = fileURLToPath(new URL('node_modules/.cache/botocore', import.meta.url));
  const [path, made] = [`${folder}/bin/python3`, `${folder}/made-of.txt`];
  const wanted = readFileSync(requirements, 'utf8');
  if (existsSync(made) && readFileSync(made, 'utf8') === wanted) return { path, skipped: false };
  const run = promisify(execFile);
  try {
    rmSync(folder, { recursive: true, force: true });
    await run('python3', ['-m', 'venv', folder]);
    await run(path, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '-r', fileURLToPath(requirements)]);
  } catch (error) {
    if (process.env.CI === 'true') throw error;
    const skipped = `no Python 3 with venv and pip, or no botocore to install: ${error.message.split('\n')[0]}`;
    console.log(`botocore: skipped: ${skipped}`);
    return { skipped };
  }
  writeFileSync(made, wanted);
  return { path, skipped: false };
}
