/** Header fields, as the block of lines that the module reads. */

import { utf8 } from './bytes.js';

/**
 * The header fields of a message: the platform's `Headers`, lines in the order sent, or an object. A
 * list in an object is several lines of one name.
 */
export type HeaderLines =
  | Headers
  | Iterable<readonly [name: string, value: string]>
  | { readonly [name: string]: string | readonly string[] | undefined };

/** Every line, in order. */
export function lines(headers: HeaderLines): Iterable<readonly [name: string, value: string]> {
  if (Symbol.iterator in headers) return headers;
  const all: (readonly [string, string])[] = [];
  for (const [name, value] of Object.entries(headers)) {
    if (value === undefined) continue;
    if (typeof value === 'string') all.push([name, value]);
    else for (const one of value) all.push([name, one]);
  }
  return all;
}

/** The lines as one block. What would break out of its line is spoilt, so that the module refuses it. */
export function headerBlock(headers: HeaderLines): Uint8Array {
  let block = '';
  for (const [name, value] of lines(headers)) block += `${safeName(name)}: ${safeValue(value)}\r\n`;
  return utf8(block);
}

// A control character, which no header line may hold.
const SPOILT = '\u0000';

function safeName(name: string): string {
  return /[\s:]/.test(name) ? name.replace(/[\s:]/g, SPOILT) : name;
}

/** An obsolete line folding stays (RFC 9112 section 5.2); any other line end is spoilt. */
function safeValue(value: string): string {
  if (!/[\r\n]/.test(value)) return value;
  return value.replace(/(\r?\n[ \t])|[\r\n]/g, (_, folding?: string) => folding ?? SPOILT);
}
