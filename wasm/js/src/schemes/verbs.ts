/** The verbs of the module `countersign-schemes.wasm` that this package uses (`docs/abi.md`). */

import type { RequestFields } from '../door.js';
import type { Answer } from '../frame.js';

/** The number of each verb. */
export const NUMBERS = {
  credentials_open: 7,
  close: 21,
  scheme_open: 22,
  scheme_sign: 39,
  scheme_base: 40,
  scheme_keyid: 41,
  scheme_verify: 42,
  scheme_describe: 43,
} as const;

/** What signing takes: scheme, credentials, request, milliseconds since 1970, nonce, entropy. */
type Signing = [
  scheme: number,
  credentials: number,
  ...request: RequestFields,
  now: number,
  nonce: string,
  entropy: Uint8Array,
];

/** The verbs. Each takes the fields of its frame and gives its answer (see `frame.ts`). */
export interface Verbs {
  credentials_open(keyid: string, secret: Uint8Array, passphrase: string, options: string): Answer;
  close(handle: number): Answer;
  scheme_open(text: string): Answer;
  scheme_sign(...fields: Signing): Answer;
  scheme_base(...fields: Signing): Answer;
  scheme_keyid(scheme: number, ...request: RequestFields): Answer;
  /** The handles of credentials are 8 bytes each; an empty tolerance is the scheme's. */
  scheme_verify(
    scheme: number,
    credentials: readonly number[],
    ...rest: [...RequestFields, now: number, tolerance: number | '']
  ): Answer;
  scheme_describe(scheme: number): Answer;
}
