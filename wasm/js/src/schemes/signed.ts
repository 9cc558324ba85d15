/** Requests before and after a scheme signed them. */

import type { Answer } from '../frame.js';
import { type HeaderLines, lines } from '../headers.js';
import type { PlainRequest } from '../request.js';

/** A plain request with what the scheme put into it: send it as it is. */
export type Signed<R extends PlainRequest = PlainRequest> = Omit<R, 'headers' | 'body'> & {
  /** Every header field, those that the request had and those that sign it. */
  readonly headers: Record<string, string>;
  /** The body, which is text where the scheme changed it. */
  readonly body: string | ('body' extends keyof R ? R['body' & keyof R] : undefined);
};

/** What to change on a request so that it is signed. */
export interface Changes {
  /** Header fields to set, in place of any of the same name. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** The target to send instead, if any. */
  readonly target: string | undefined;
  /** The body to send instead, if any. */
  readonly body: string | undefined;
}

/** The changes in a module's answer. */
export function changesOf(answer: Answer): Changes {
  const headers: (readonly [string, string])[] = [];
  for (const line of answer.lines()) {
    const at = line.indexOf(': ');
    headers.push([line.slice(0, at), line.slice(at + 2)]);
  }
  const optional = () => {
    const [is, text] = [answer.number(), answer.text()];
    return is === 0 ? undefined : text;
  };
  return { headers, target: optional(), body: optional() };
}

/** A new `Request` with the changes. */
export function changed(request: Request, bytes: string | Uint8Array, { headers, target, body }: Changes): Request {
  const all = new Headers(request.headers);
  for (const [name, value] of headers) all.set(name, value);
  const sent = body ?? bytes;
  // Without a body of its own the new request would take that of the old one. Not every browser shows `body`.
  const hasBody = sent.length > 0 || bytes.length > 0 || request.body;
  const init: RequestInit = { headers: all, ...(hasBody && { body: sent as BodyInit }) };
  if (target === undefined) return new Request(request, init);
  return new Request(new URL(target, request.url), { ...kept(request), ...init, method: request.method });
}

/** A new plain request with the changes, whose header fields were `fields`. */
export function changedPlain<R extends PlainRequest>(request: R, fields: Fields, changes: Changes): Signed<R> {
  const { headers, target, body } = changes;
  for (const [name, value] of headers) fields.set(name, value);
  const signed = { ...request, headers: fields.all(), body: body ?? request.body };
  return (target === undefined ? signed : { ...signed, ...placed(request, target) }) as Signed<R>;
}

/** The target in the place of the one that the request had. */
function placed(request: PlainRequest, target: string): { target: string } | { url: string } {
  if (request.target !== undefined) return { target };
  const [origin = ''] = /^https?:\/\/[^/?#]*/i.exec(request.url ?? '') ?? [];
  return { url: origin + target };
}

/** What a `Request` is sent with beside method, headers and body. No platform has all of it; `cf` is workerd's. */
const SETTINGS = 'cache cf credentials integrity keepalive mode redirect referrer referrerPolicy signal'.split(' ');

function kept(request: Request): RequestInit {
  const all = request as unknown as Record<string, unknown>;
  const settings = SETTINGS.filter((name) => all[name]).map((name) => [name, all[name]]);
  const init: RequestInit = Object.fromEntries(settings);
  // A page's own navigation can't be made by hand.
  if (init.mode === 'navigate') delete init.mode;
  return init;
}

/** A property like any other. */
const OWN = { configurable: true, enumerable: true, writable: true };

/**
 * Header fields with one line for each, as `fetch` and other clients send them: what is signed is what is sent.
 * They keep the case of their names.
 */
export class Fields {
  readonly #byName = new Map<string, [name: string, value: string]>();

  /** Joins lines of one name. */
  constructor(headers: HeaderLines) {
    const all = lines(headers);
    for (let at = 0; at < all.length; at += 2) this.#append(all[at]!, all[at + 1]!);
  }

  #append(name: string, value: string): void {
    const key = name.toLowerCase();
    const before = this.#byName.get(key);
    if (before) before[1] += `, ${value}`;
    else this.#byName.set(key, [name, value]);
  }

  set(name: string, value: string): void {
    this.#byName.set(name.toLowerCase(), [name, value]);
  }

  /** Each name, and after it its value. */
  lines(): string[] {
    const all: string[] = [];
    for (const [name, value] of this.#byName.values()) all.push(name, value);
    return all;
  }

  all(): Record<string, string> {
    const all: Record<string, string> = {};
    for (const [name, value] of this.#byName.values()) {
      // To set it so would set something else.
      if (name === '__proto__') Object.defineProperty(all, name, { value, ...OWN });
      else all[name] = value;
    }
    return all;
  }
}
