/** The verbs of the module `countersign.wasm`, and those that only `countersign-complete.wasm` has (`docs/abi.md`). */

import type { RequestFields, ResponseFields } from './door.js';
import type { Answer } from './frame.js';

/** The number of each verb. */
export const NUMBERS = {
  token_generate: 1,
  token_check: 2,
  key_from_token: 3,
  key_open: 4,
  keyring_open: 5,
  mac: 6,
  private_key_open: 8,
  edge_open: 9,
  profile_open: 16,
  bundle_open: 17,
  publishers_pin: 18,
  entities_open: 19,
  replay_open: 20,
  close: 21,
  key_derive: 24,
  snapshot_load: 25,
  sign: 32,
  verify: 33,
  spend: 34,
  spent: 35,
  authorize: 36,
  decide: 37,
  inspect: 38,
  digest_open: 48,
  digest_update: 49,
  digest_finish: 50,
  digest_check: 51,
  sign_response: 52,
  verify_response: 53,
  evidence: 54,
  // The complete module's.
  evidence_verify: 55,
  accept_signature: 56,
  signature_requests: 57,
  sign_as_asked: 58,
  wanted_digest: 59,
} as const;

/** How to sign. */
export type Signing = [
  label: string,
  components: string,
  created: number,
  expires: number,
  nonce: string,
  tag: string,
  withAlgorithm: number,
];

/** The verbs. Each takes the fields of its frame and gives its answer (see `frame.ts`). */
export interface Verbs {
  token_generate(environment: string, keyid: string, entropy: Uint8Array): Answer;
  token_check(token: Uint8Array): Answer;
  key_from_token(token: Uint8Array): Answer;
  key_open(keyid: string, secret: Uint8Array): Answer;
  keyring_open(json: Uint8Array): Answer;
  mac(key: Uint8Array, message: Uint8Array): Answer;
  private_key_open(keyid: string, algorithm: string, key: Uint8Array): Answer;
  edge_open(json: Uint8Array): Answer;
  profile_open(json: string): Answer;
  bundle_open(bundle: Uint8Array): Answer;
  publishers_pin(json: string): Answer;
  entities_open(bundle: number, json: string): Answer;
  replay_open(capacity: number, seed: number): Answer;
  close(handle: number): Answer;
  snapshot_load(ring: number, now: number, snapshot: Uint8Array): Answer;
  key_derive(key: number, environment: string, region: string, at: number): Answer;
  sign(key: number, ...rest: [...RequestFields, ...Signing]): Answer;
  verify(ring: number, profile: number, now: number, ...request: RequestFields): Answer;
  spend(authentic: number, replay: number, now: number): Answer;
  spent(authentic: number, answer: number): Answer;
  authorize(verified: number, bundle: number, context: string): Answer;
  decide(entities: number, query: Uint8Array): Answer;
  inspect(...fields: [...RequestFields, status: number, label: string]): Answer;
  digest_open(algorithm: string): Answer;
  digest_update(digest: number, piece: Uint8Array): Answer;
  digest_finish(digest: number): Answer;
  digest_check(field: string, headers: readonly string[], body: Uint8Array): Answer;
  sign_response(key: number, ...rest: [...RequestFields, ...ResponseFields, ...Signing]): Answer;
  verify_response(ring: number, profile: number, now: number, ...rest: [...RequestFields, ...ResponseFields]): Answer;
  evidence(request: number): Answer;
  evidence_verify(json: string): Answer;
  accept_signature(
    label: string,
    components: string,
    created: number,
    expires: number,
    nonce: string,
    algorithm: string,
    keyid: string,
    tag: string,
  ): Answer;
  signature_requests(headers: readonly string[]): Answer;
  sign_as_asked(
    key: number,
    ...rest: [
      ...RequestFields,
      ...ResponseFields,
      asking: readonly string[],
      label: string,
      created: number,
      lifetime: number,
      nonce: string,
    ]
  ): Answer;
  wanted_digest(field: string, headers: readonly string[]): Answer;
}
