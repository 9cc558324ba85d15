/** Compiled, never run: the types hold for a server that has no types of browsers. */

import { type Decision, SigningKey, sign, Verifier } from 'countersign';
import { fromIncoming } from 'countersign/node';

declare const incoming: import('node:http').IncomingMessage;

const request: Request = await sign(new Request('https://a.example'), SigningKey.fromToken('csk_'));
const verifier = new Verifier({ keyring: '{}', profile: { environment: 'live' } });
const replay = { spend: () => 'fresh' as const };
export const decisions: Decision[] = [
  await verifier.check(request, { replay }),
  await verifier.check(fromIncoming(incoming), { replay }),
];
