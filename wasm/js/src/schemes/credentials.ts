/** What a vendor hands to its customer. */

import { type Bytes, lend } from '../bytes.js';
import { Handle } from '../handle.js';
import { door, vendors } from './module.js';

/** The parts of credentials, as the vendor shows them: the scheme says how the secret is decoded. */
export interface CredentialsInit {
  /** The id of the key; none where the scheme has no ids, as for most webhooks. */
  readonly keyid?: string;
  /** The secret, of any length; for a scheme with key pairs, the private key to sign and the public one to verify. */
  readonly secret: string | Bytes;
  /** The passphrase that goes with the key, where there is one. */
  readonly passphrase?: string;
  /**
   * What else the scheme's row names, such as `region` and `service` of AWS, or `recvWindow` of Binance. One that is
   * `undefined` is left out.
   */
  readonly options?: Readonly<Record<string, string | undefined>>;
}

/**
 * An id, a secret and what else a scheme signs with.
 *
 * The module keeps them until {@link close}, which wipes them. JavaScript can't wipe a string: where the secret
 * must not outlive this object, pass bytes and fill them with zeros after. This package wipes its own copies.
 */
export class Credentials extends Handle {
  /** Only for the compiler, which else takes classes of one shape for one type. */
  declare protected readonly kind: 'credentials';
  /** The id; empty where there is none. */
  readonly keyid: string;

  /** @throws Refusal `options_malformed` for a line break in anything but the secret, or `=` in an option's name */
  constructor({ keyid = '', secret, passphrase = '', options = {} }: CredentialsInit) {
    // These go into header lines, as options do, and must not end them.
    const breaking = Object.entries({ keyid, passphrase }).filter(([, value]) => LINE_BREAK.test(value));
    const given = [...Object.entries(options), ...breaking];
    const lines = given.flatMap(([name, value]) => (value === undefined ? [] : line(name, value)));
    super(
      vendors,
      lend(secret, (bytes) =>
        door().credentials_open(keyid, bytes, passphrase, lines.join('\n')).number(),
      ),
    );
    this.keyid = keyid;
  }
}

const LINE_BREAK = /[\r\n]/;

/** An option as the module reads it. One that it would read as another is spoilt, so that it is refused. */
function line(name: string, value: string): string {
  const isSpoilt = /[=\r\n]/.test(name) || LINE_BREAK.test(value);
  return isSpoilt ? JSON.stringify(name).replaceAll('=', ' ') : `${name}=${value}`;
}
