/** The verbs of the module `countersign.wasm` (`docs/abi.md`). */

import type { RequestFields } from './door.js';
import type { Frame } from './frame.js';

/** The number of each verb. */
export const NUMBERS = {
  token_generate: 1,
  token_check: 2,
  key_from_token: 3,
  key_open: 4,
  keyring_open: 5,
  mac: 6,
  edge_open: 9,
  profile_open: 16,
  bundle_open: 17,
  publishers_pin: 18,
  entities_open: 19,
  replay_open: 20,
  close: 21,
  snapshot_load: 23,
  key_derive: 24,
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
} as const;

/** The verbs. Each takes the fields of its frame and gives its reply (see `frame.ts`). */
export interface Verbs {
  token_generate(environment: string, keyid: string, entropy: Uint8Array): Frame;
  token_check(token: Uint8Array): Frame;
  key_from_token(token: Uint8Array): Frame;
  key_open(keyid: string, secret: Uint8Array): Frame;
  keyring_open(json: Uint8Array): Frame;
  mac(key: Uint8Array, message: Uint8Array): Frame;
  edge_open(json: Uint8Array): Frame;
  profile_open(json: string): Frame;
  bundle_open(bundle: Uint8Array): Frame;
  publishers_pin(json: string): Frame;
  entities_open(bundle: number, json: string): Frame;
  replay_open(capacity: number, seed: number): Frame;
  close(handle: number): Frame;
  snapshot_load(ring: number, now: number, snapshot: Uint8Array): Frame;
  key_derive(key: number, environment: string, region: string, at: number): Frame;
  sign(
    key: number,
    ...rest: [
      ...RequestFields,
      label: string,
      components: string,
      created: number,
      expires: number,
      nonce: string,
      tag: string,
      withAlgorithm: number,
    ]
  ): Frame;
  verify(ring: number, profile: number, now: number, ...request: RequestFields): Frame;
  spend(authentic: number, replay: number, now: number): Frame;
  spent(authentic: number, answer: number): Frame;
  authorize(verified: number, bundle: number, context: string): Frame;
  decide(entities: number, query: Uint8Array): Frame;
  inspect(...fields: [...RequestFields, status: number, label: string]): Frame;
  digest_open(algorithm: string): Frame;
  digest_update(digest: number, piece: Uint8Array): Frame;
  digest_finish(digest: number): Frame;
  digest_check(field: string, headers: Uint8Array, body: Uint8Array): Frame;
}
