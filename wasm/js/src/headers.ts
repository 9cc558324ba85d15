/** Header fields, as the block of lines that the module reads. */

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

/** {@link lines} as one block. What would break out of its line is spoilt, so that the module refuses it. */
export function headerBlock(lines: readonly string[]): string {
  let [names, values, block] = ['', '', ''];
  for (let at = 0; at < lines.length; at += 2) {
    names += lines[at]!;
    values += lines[at + 1]!;
    block += `${lines[at]!}: ${lines[at + 1]!}\r\n`;
  }
  // Most blocks are as they should be, which two searches show.
  if (!/[\s:]/.test(names) && !/[\r\n]/.test(values)) return block;
  block = '';
  for (let at = 0; at < lines.length; at += 2) block += `${safeName(lines[at]!)}: ${safeValue(lines[at + 1]!)}\r\n`;
  return block;
}

// A control character, which no header line may hold.
const SPOILT = '\u0000';

function safeName(name: string): string {
  return name.replace(/[\s:]/g, SPOILT);
}

/** An obsolete line folding stays (RFC 9112 section 5.2); any other line end is spoilt. */
function safeValue(value: string): string {
  return value.replace(/(\r?\n[ \t])|[\r\n]/g, (_, folding?: string) => folding ?? SPOILT);
}
