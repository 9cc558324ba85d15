import type { Refusal, Signer as Signs, SignerInit, SignMoment, SignRequest, SignedRequest } from './types.js';

interface Exports {
  readonly memory: WebAssembly.Memory;
  room(length: number): number;
  call(verb: number, length: number): number;
}

let module: WebAssembly.Module;

export function start(compiled: WebAssembly.Module): void {
  module = compiled;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

export class Signer implements Signs {
  readonly #exports: Exports;
  readonly #unit: number;

  constructor({ scheme = '', secret, keyid = '', passphrase = '', options = {} }: SignerInit) {
    this.#exports = new WebAssembly.Instance(module).exports as unknown as Exports;
    this.#unit = scheme ? 1 : 1000;
    // What would be read as another option is spoilt, so that it is refused.
    const lines = Object.entries(options).map(([name, value]) => `${name.replace('=', '\0')}=${value}`.replaceAll('\n', '\0'));
    this.#call(0, [scheme, secret, keyid, passphrase, lines.join('\n')]);
  }

  sign(request: SignRequest, moment: SignMoment = {}): SignedRequest {
    const { method = 'GET', url, headers = {}, body, digest } = request;
    const { now = Date.now(), nonce, expires = '', label = '', components, tag = '', alg } = moment;
    const [, scheme = 'https', host, path = url] = /^(https?):\/\/([^/?#]*)([^#]*)/i.exec(url) ?? [];
    const fields = new Map<string, [string, string]>();
    const set = (name: string, value: string, isMore?: boolean) => {
      const key = name.toLowerCase();
      const before = fields.get(key);
      fields.set(key, isMore && before ? [before[0], `${before[1]}, ${value}`] : [name, value]);
    };
    for (const [name, value] of Symbol.iterator in headers ? headers : Object.entries(headers)) set(name, value, true);
    const sent = [...fields.values()].flat();
    if (host && !fields.has('host')) sent.push('Host', host);
    const target = path.startsWith('/') ? path : `/${path}`;
    const [lines = '', changed, text] = this.#call(1, [
      scheme.toLowerCase(), method, target, digest ? '1' : '0', digest ?? body ?? '', `${Math.floor(now / this.#unit)}`, `${expires}`, nonce ?? '',
      nonce === undefined ? crypto.getRandomValues(new Uint8Array(16)) : '', label, components?.join('\n') || (components ? '()' : ''),
      alg ? 'hmac-sha256' : '', tag, ...sent,
    ]);
    for (const line of lines.split('\n')) {
      const at = line.indexOf(': ');
      if (at > 0) set(line.slice(0, at), line.slice(at + 2));
    }
    return {
      method,
      url: changed ? url.slice(0, host === undefined ? 0 : scheme.length + 3 + host.length) + changed : url,
      headers: Object.fromEntries(fields.values()),
      body: text ?? body,
    };
  }

  chunk(date: string, previous: string, bytes: Uint8Array | string, isTrailer = false): string {
    return this.#call(2, [isTrailer ? 'https' : '', date, previous, '0', bytes])[0]!;
  }

  close(): void {
    this.#exports.call(3, 0);
  }

  #call(verb: number, fields: readonly (string | Uint8Array)[]): string[] {
    const { memory, room, call } = this.#exports;
    const parts = fields.map((field) => (typeof field === 'string' ? encoder.encode(field) : field));
    const length = parts.reduce((sum, part) => sum + 4 + part.length, 0);
    const start = room(length);
    let at = start;
    let view = new DataView(memory.buffer);
    parts.forEach((part, index) => {
      view.setUint32(at, part.length, true);
      new Uint8Array(memory.buffer).set(part, at + 4);
      at += 4 + part.length;
      if (part !== fields[index]) part.fill(0);
    });
    const code = call(verb, length);
    view = new DataView(memory.buffer);
    at = start + 4;
    const found = Array.from({ length: verb || code ? view.getUint32(start, true) : 0 }, () => {
      const size = view.getUint32(at, true);
      at += 4 + size;
      return decoder.decode(new Uint8Array(memory.buffer, at - size, size));
    });
    room(0);
    if (code) {
      const [subject = ''] = found;
      const error = new Error(`refused by code ${code - 1}: ${subject}`);
      throw Object.assign(error, { name: 'Refusal', code: code - 1, subject }) as Refusal;
    }
    return found;
  }
}
