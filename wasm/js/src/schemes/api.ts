/** What every entry of vendors' schemes exports. */

export type { Bytes } from '../bytes.js';
export type { HeaderLines } from '../headers.js';
export { type Problem, Refusal } from '../refusal.js';
export type { ReplayStore, ReplayToken, Spending } from '../replay.js';
export type { AnyRequest, PlainRequest } from '../request.js';
export type { Coverage, Covered } from './coverage.js';
export { Credentials, type CredentialsInit } from './credentials.js';
export { moduleSha256 } from './identity.js';
export { type Moment, Scheme, type SchemeAuthentic, type SchemeVerifyOptions } from './scheme.js';
export type { Signed } from './signed.js';
