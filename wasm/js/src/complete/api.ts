/** What every entry of the complete module exports: the main entry's, and what only that module does. */

export * from '../api.js';
export { type Evidence, verifyEvidence } from './evidence.js';
export { acceptSignature, type AskedSignature, type HonourOptions, signAsAsked, signatureRequests, wantedDigest } from './negotiation.js';
