/** The entry for Node, Deno and Bun: importing it starts the module from its own file. */

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';

import type { Bytes } from '../bytes.js';
import { isStarted, startWith } from '../module.js';
import type { PlainRequest } from '../request.js';

export * from '../api.js';

if (!isStarted()) {
  const bytes = readFileSync(new URL('../../generated/countersign.wasm', import.meta.url));
  startWith(new WebAssembly.Module(bytes), createHash('sha256').update(bytes).digest('hex'));
}

/**
 * A request as Node's `http` server received it: its header lines as they were sent, the scheme of its
 * connection, the address of its peer.
 *
 * @param body the whole body, which the server has read
 */
export function fromIncoming(message: IncomingMessage, body?: string | Bytes): PlainRequest {
  const lines: [string, string][] = [];
  for (let at = 0; at + 1 < message.rawHeaders.length; at += 2) {
    lines.push([message.rawHeaders[at] ?? '', message.rawHeaders[at + 1] ?? '']);
  }
  return {
    method: message.method ?? '',
    target: message.url ?? '',
    scheme: 'encrypted' in message.socket ? 'https' : 'http',
    headers: lines,
    body,
    peer: message.socket.remoteAddress ?? '',
  };
}
