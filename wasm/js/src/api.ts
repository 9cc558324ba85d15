/** What every entry of the package exports. */

export type { Authentic, Verified } from './authentic.js';
export { Bundle, pinPublishers, type PublisherKeys } from './bundle.js';
export type { Bytes } from './bytes.js';
export type { Decision, Effect, EntityUid } from './decision.js';
export { type Query, QueryWriter } from './compact.js';
export { checkContentDigest, ContentDigest, contentDigest, type Digest, type DigestAlgorithm } from './digest.js';
export { Entities, type PolicyAnswer } from './entities.js';
export type { HeaderLines } from './headers.js';
export { moduleSha256 } from './identity.js';
export { type AnyResponse, inspect, type Inspection } from './inspect.js';
export {
  type Environment,
  generateToken,
  hmacSha256,
  type SigningAlgorithm,
  SigningKey,
  tokenCheck,
  type TokenFacts,
} from './key.js';
export { type Problem, Refusal } from './refusal.js';
export { MemoryReplay, type ReplayStore, type ReplayToken, type Spending } from './replay.js';
export type { AnyRequest, Connection, PlainRequest } from './request.js';
export { type AuthenticResponse, type PlainResponse, ResponseVerifier, type ResponseVerifierOptions, signResponse } from './response.js';
export { sign, type Signed, type SignOptions } from './sign.js';
export { signedFetch, type SignedFetchOptions } from './signed-fetch.js';
export {
  type AuthenticateOptions,
  type CedarValue,
  type CheckOptions,
  type Context,
  type KeyEntry,
  type Keyring,
  type Loaded,
  type Profile,
  type Trust,
  Verifier,
  type VerifierOptions,
  type VerifyOptions,
} from './verifier.js';
