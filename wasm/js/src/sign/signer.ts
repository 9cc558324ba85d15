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
    const [, origin = '', scheme = 'https', host, path = ''] = /^((https?):\/\/([^/?#]*))?([^#]*)/i.exec(url)!;
    const fields = new Map<string, [string, string]>();
    const set = (name: string, value: string, before?: [string, string]) =>
      fields.set(name.toLowerCase(), before ? [before[0], `${before[1]}, ${value}`] : [name, value]);
    for (const [name, value] of Symbol.iterator in headers ? headers : Object.entries(headers)) set(name, value, fields.get(name.toLowerCase()));
    const [lines = '', changed, text] = this.#call(1, [
      scheme.toLowerCase(), method, path[0] === '/' ? path : `/${path}`, digest ? '1' : '0', digest ?? body ?? '',
      `${Math.floor(now / this.#unit)}`, `${expires}`, nonce ?? '', nonce === undefined ? crypto.getRandomValues(new Uint8Array(16)) : '',
      label, components ? components.join('\n') || '()' : '', alg ? 'hmac-sha256' : '', tag,
      ...[...fields.values()].flat(), ...(host && !fields.has('host') ? ['Host', host] : []),
    ]);
    for (const [, name, value] of lines.matchAll(/(.+?): ([^\n]*)/g)) set(name!, value!);
    return { method, url: changed ? origin + changed : url, headers: Object.fromEntries(fields.values()), body: text ?? body };
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
    const start = room(parts.reduce((sum, part) => sum + 4 + part.length, 0));
    const bytes = new Uint8Array(memory.buffer);
    const view = new DataView(memory.buffer);
    let at = start;
    parts.forEach((part, index) => {
      view.setUint32(at, part.length, true);
      bytes.set(part, at + 4);
      at += 4 + part.length;
      if (part !== fields[index]) part.fill(0);
    });
    const code = call(verb, at - start);
    at = start + 4;
    const found = Array.from({ length: verb || code ? view.getUint32(start, true) : 0 }, () =>
      decoder.decode(bytes.subarray(at + 4, (at += 4 + view.getUint32(at, true)))));
    room(0);
    if (code) {
      const [subject = ''] = found;
      throw Object.assign(new Error(`refused by code ${code - 1}: ${subject}`), { name: 'Refusal', code: code - 1, subject }) as Refusal;
    }
    return found;
  }
}
