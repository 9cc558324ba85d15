/** Compiled, never run: what the types allow, and what they don't. */

import * as countersign from 'countersign';
import { fromIncoming } from 'countersign/node';
import { init } from 'countersign/browser';
import * as schemes from 'countersign/schemes';
import { init as initSchemes } from 'countersign/schemes/browser';
import { Scheme as WorkerScheme } from 'countersign/schemes/workerd';
import { Verifier as WorkerVerifier } from 'countersign/workerd';

declare const incoming: import('node:http').IncomingMessage;
declare const request: Request;
declare const bytes: Uint8Array;

using key: countersign.SigningKey = countersign.SigningKey.fromToken('csk_');
const signed: Request = await countersign.sign(request, key, { tag: 'orders', nonce: null });
const added: countersign.Signed = await countersign.sign({ method: 'GET', url: 'https://a.example', headers: {} }, key);
const headers: Record<string, string | undefined> = added.headers;

const pair: countersign.SigningKey = countersign.SigningKey.fromPkcs8('k7', '-----BEGIN PRIVATE KEY-----');
const answered: Response = await countersign.signResponse(new Response(), request, pair);
const publicKeys: countersign.Keyring = {
  keys: [{ keyid: 'k7', environment: 'live', algorithm: 'ed25519', public_key: 'JrQL' }],
};
const responses = new countersign.ResponseVerifier({ keyring: publicKeys, profile: { environment: 'live' } });
const proof: string | undefined = (await responses.verify(answered, request)).evidence;

const verifier = new countersign.Verifier({
  keyring: { keys: [{ token: 'csk_', groups: ['trader'], attributes: { limits: { daily: 5, tags: ['a'] } } }] },
  profile: { environment: 'live', forwarded: { peers: ['10.0.0.7'], target_field: 'x-original-uri' } },
  policy: bytes,
});
class Redis implements countersign.ReplayStore {
  async spend(id: string, keepUntil: number): Promise<countersign.Spending> {
    return id && keepUntil ? 'fresh' : 'replayed';
  }
}
const decision: countersign.Decision = await verifier.check(fromIncoming(incoming, bytes), { replay: new Redis() });
const allowed: boolean = decision.allowed;
const authentic: countersign.Authentic = await verifier.verify(signed, { peer: '10.0.0.7', scheme: 'https' });
const verified: countersign.Verified = await authentic.spend(new countersign.MemoryReplay());
verifier.authorize(verified, { client_ip: '192.0.2.1' });

// @ts-expect-error an authentic request is not verified yet
verifier.authorize(authentic);
// @ts-expect-error the states can't be made, only reached
new countersign.Verified();
// @ts-expect-error a key has a secret or a token
const noSecret: countersign.KeyEntry = { keyid: 'k7', environment: 'live' };
// @ts-expect-error there is no such environment
countersign.generateToken('prod', 'k7');
// @ts-expect-error a check needs a place where replay tokens are spent
verifier.check(request, {});
// @ts-expect-error a request has a method
verifier.verify({ url: 'https://a.example', headers: {} });
// @ts-expect-error a store answers with a spending
const store: countersign.ReplayStore = { spend: async () => true };

await init('/countersign.wasm', { integrity: 'sha256-' });

using scheme: schemes.Scheme = schemes.Scheme.named('okx');
using credentials = new schemes.Credentials({ keyid: 'k', secret: bytes, passphrase: 'p', options: { region: 'eu' } });
const covered: schemes.Covered = scheme.coverage.body;
const order: Request = await scheme.sign(request, credentials, { now: Date.now(), nonce: 'n' });
const sent = await scheme.sign({ method: 'POST', url: 'https://a.example', headers: {}, body: 'a=1' }, credentials);
await fetch(sent.url, sent);
await fetch(sent.url, { method: sent.method, headers: sent.headers, body: sent.body });
const bodiless = await scheme.sign({ method: 'GET', target: '/', headers: {} }, credentials);
const target: string = bodiless.target;
const nothing: string | undefined = bodiless.body;
declare const plain: schemes.PlainRequest;
const general: schemes.Signed = await scheme.sign(plain, credentials);
const { credentials: signer, replayToken }: schemes.SchemeAuthentic = await scheme.verify(general, [credentials], {
  tolerance: 60_000,
  scheme: 'https',
});
const spending: schemes.Spending | Promise<schemes.Spending> = new Redis().spend(replayToken.id, replayToken.keepUntil);
const keyid: string | undefined = await scheme.keyid(fromIncoming(incoming, bytes));

// @ts-expect-error credentials have a secret
new schemes.Credentials({ keyid: 'k' });
// @ts-expect-error a key of the main entry is no credential
scheme.sign(order, key);
// @ts-expect-error and the other way round
countersign.sign(order, signer);
// @ts-expect-error a scheme is named or read, not made
new schemes.Scheme('okx');

await initSchemes('/countersign-schemes.wasm');
export { allowed, covered, headers, keyid, noSecret, nothing, proof, spending, store, target, WorkerScheme, WorkerVerifier };
