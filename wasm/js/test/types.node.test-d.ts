/** Compiled, never run: the types hold for a server that has no types of browsers. */

import { type Decision, SigningKey, sign, Verifier } from 'countersign';
import { fromIncoming } from 'countersign/node';
import { Credentials, Scheme } from 'countersign/schemes';

declare const incoming: import('node:http').IncomingMessage;

const request: Request = await sign(new Request('https://a.example'), SigningKey.fromToken('csk_'));
const verifier = new Verifier({ keyring: '{}', profile: { environment: 'live' } });
const replay = { spend: () => 'fresh' as const };
const stripe = await Scheme.named('stripe').verify(fromIncoming(incoming), new Credentials({ secret: 'whsec_' }));
export const { replayToken } = stripe;
export const decisions: Decision[] = [
  await verifier.check(request, { replay }),
  await verifier.check(fromIncoming(incoming), { replay }),
];
