/** What signing asks of the module and finds: fields of frames. */

import { seconds } from './authentic.js';
import type { RequestFields } from './door.js';
import type { Answer } from './frame.js';
import type { Parts } from './request.js';
import type { Signed, SignOptions } from './sign.js';
import type { Signing } from './verbs.js';

/** The seven fields of a request. */
export function requestFields({ scheme, method, target, headers, bodyKind, body, peer }: Parts): RequestFields {
  return [scheme, method, target, headers, bodyKind, body, peer];
}

/** How to sign, as fields of a frame. */
export function signing(options: SignOptions): Signing {
  return [
    options.label ?? '',
    options.components?.join('\n') ?? '',
    options.created ?? seconds(),
    options.expires ?? 0,
    options.nonce ?? '',
    options.tag ?? '',
    options.withAlgorithm ? 1 : 0,
  ];
}

/** The fields to add, out of the module's answer. */
export function added(answer: Answer): Signed['headers'] {
  const [input, signature, digest] = [answer.text(), answer.text(), answer.text()];
  return { 'signature-input': input, signature, ...(digest && { 'content-digest': digest }) };
}
