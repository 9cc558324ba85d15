/** Requests as Node's servers have them. */

import type { IncomingMessage } from 'node:http';
import type { Http2ServerRequest } from 'node:http2';
import type { TLSSocket } from 'node:tls';

import type { Bytes } from '../bytes.js';
import type { PlainRequest } from '../request.js';

/**
 * A request as Node's servers received it: its header lines as they were sent, the scheme of its
 * connection, the address of its peer. Of HTTP/2, `:authority` stands for `Host` (RFC 9113 section 8.3.1).
 *
 * @param body the whole body, which the server has read
 */
export function fromIncoming(message: IncomingMessage | Http2ServerRequest, body?: string | Bytes): PlainRequest {
  const lines: [string, string][] = [];
  let authority: string | undefined;
  for (let at = 0; at + 1 < message.rawHeaders.length; at += 2) {
    const [name = '', value = ''] = message.rawHeaders.slice(at, at + 2);
    if (!name.startsWith(':')) lines.push([name, value]);
    else if (name === ':authority') authority = value;
  }
  if (authority !== undefined && message.headers.host === undefined) lines.push(['host', authority]);
  return {
    method: message.method ?? '',
    target: message.url ?? '',
    scheme: (message.socket as TLSSocket).encrypted ? 'https' : 'http',
    headers: lines,
    body,
    peer: message.socket.remoteAddress ?? '',
  };
}
