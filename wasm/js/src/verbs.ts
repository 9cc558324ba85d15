/** The verbs of the module `countersign.wasm` (`docs/abi.md`). */

import type { RequestFields } from './door.js';
import type { Answer } from './frame.js';

/** The number of each verb. */
export const NUMBERS = {
  token_generate: 1,
  token_check: 2,
  key_from_token: 3,
  key_open: 4,
  keyring_open: 5,
  mac: 6,
  profile_open: 16,
  bundle_open: 17,
  publishers_pin: 18,
  entities_open: 19,
  replay_open: 20,
  close: 21,
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

/** The verbs. Each takes the fields of its frame and gives its answer (see `frame.ts`). */
export interface Verbs {
  token_generate(environment: string, keyid: string, entropy: Uint8Array): Answer;
  token_check(token: Uint8Array): Answer;
  key_from_token(token: Uint8Array): Answer;
  key_open(keyid: string, secret: Uint8Array): Answer;
  keyring_open(json: Uint8Array): Answer;
  mac(key: Uint8Array, message: Uint8Array): Answer;
  profile_open(json: string): Answer;
  bundle_open(bundle: Uint8Array): Answer;
  publishers_pin(json: string): Answer;
  entities_open(bundle: number, json: string): Answer;
  replay_open(capacity: number, seed: number): Answer;
  close(handle: number): Answer;
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
  ): Answer;
  verify(ring: number, profile: number, now: number, ...request: RequestFields): Answer;
  spend(authentic: number, replay: number, now: number): Answer;
  spent(authentic: number, answer: number): Answer;
  authorize(verified: number, bundle: number, context: string): Answer;
  decide(entities: number, query: Uint8Array): Answer;
  inspect(...fields: [...RequestFields, status: number, label: string]): Answer;
  digest_open(algorithm: string): Answer;
  digest_update(digest: number, piece: Uint8Array): Answer;
  digest_finish(digest: number): Answer;
  digest_check(field: string, headers: string, body: Uint8Array): Answer;
}
