/** Header fields, as the lines that go into the module. */

/**
 * The header fields of a message: the platform's `Headers`, lines in the order sent, or an object. A
 * list in an object is several lines of one name.
 */
export type HeaderLines =
  | Headers
  | Iterable<readonly [name: string, value: string]>
  | { readonly [name: string]: string | readonly string[] | undefined };

/** Every line in order: its name, and after it its value. */
export function lines(headers: HeaderLines): string[] {
  const all: string[] = [];
  if (Symbol.iterator in headers) {
    for (const [name, value] of headers) all.push(name, value);
    return all;
  }
  for (const name of Object.keys(headers)) {
    const value = headers[name];
    if (typeof value === 'string') all.push(name, value);
    else if (value !== undefined) for (const one of value) all.push(name, one);
  }
  return all;
}

// A control character, which no header line may hold.
const SPOILT = '\u0000';

/** A name that can't break out of its line. */
export function safeName(name: string): string {
  return name.replace(/[\s:]/g, SPOILT);
}

/** A value that can't. An obsolete line folding stays (RFC 9112 section 5.2); any other line end is spoilt. */
export function safeValue(value: string): string {
  return value.replace(/(\r?\n[ \t])|[\r\n]/g, (_, folding?: string) => folding ?? SPOILT);
}
