/** Small things about bytes. */

/** Bytes, as any of the types that platforms hand out. */
export type Bytes = Uint8Array | ArrayBuffer;

const encoder = new TextEncoder();

/** The UTF-8 of a text. */
export function utf8(text: string): Uint8Array {
  return encoder.encode(text);
}

/** The bytes of a body or secret, not copied where they are bytes already. */
export function toBytes(value: string | Bytes): Uint8Array {
  if (typeof value === 'string') return utf8(value);
  return value instanceof Uint8Array ? value : new Uint8Array(value);
}

/** What is written as JSON: an object, or its text. */
export function toJson(value: object | string): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** Lower-case hexadecimal. */
export function toHex(bytes: Uint8Array): string {
  let hex = '';
  for (const byte of bytes) hex += byte.toString(16).padStart(2, '0');
  return hex;
}

/** Random bytes from the platform's CSPRNG. */
export function random(length: number): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(length));
}

/**
 * Lends a secret to `use` as bytes. A text is encoded for this, and that copy is wiped after; bytes
 * are the caller's, and stay as they are.
 */
export function lend<T>(secret: string | Bytes, use: (bytes: Uint8Array) => T): T {
  const bytes = toBytes(secret);
  try {
    return use(bytes);
  } finally {
    if (typeof secret === 'string') bytes.fill(0);
  }
}
