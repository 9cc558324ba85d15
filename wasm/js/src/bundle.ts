/** Policy bundles: compiled Cedar, as `countersign policy build` writes it. */

import { type Bytes, toBytes, toJson } from './bytes.js';
import { Handle } from './handle.js';
import { door, full } from './module.js';

/** A bundle, checked whole when it is opened; after that, deciding can't fail on it. */
export class Bundle extends Handle {
  /** The name in its manifest. */
  readonly name: string;
  /** The version in its manifest. */
  readonly version: string;
  /** Its SHA-256 in hexadecimal, which every audit record names. */
  readonly sha256: string;

  /**
   * Opens a bundle.
   *
   * @throws Refusal `bundle_truncated`, `bundle_not_a_bundle`, `bundle_format_unsupported`,
   * `bundle_digest_mismatch`, `bundle_malformed`; once publishers are pinned also `bundle_unsigned`,
   * `bundle_publisher_unknown`, `bundle_signature_mismatch`, `bundle_older`, `bundle_version_reused`
   */
  constructor(bytes: Bytes) {
    const answer = door().bundle_open(toBytes(bytes));
    super(full, answer.number());
    this.name = answer.text();
    this.version = answer.text();
    this.sha256 = answer.hex();
  }
}

/** Who may publish bundles. */
export interface PublisherKeys {
  /** One at least; a publisher may be named by several keys while it changes from one to the next. */
  readonly publishers: readonly {
    readonly name: string;
    /** The 32 bytes of an Ed25519 public key, in base64. */
    readonly public_key: string;
  }[];
  /** By the name of a pack, the oldest version that is taken: what you remember over a restart. */
  readonly at_least?: Readonly<Record<string, string>>;
}

/**
 * Takes from now on only bundles that these publishers signed, and none older than one taken before.
 *
 * Call it again to change keys while running; the versions taken stay known. There is no way back to
 * unsigned bundles but a new start.
 *
 * @throws Refusal `publishers_malformed`; those pinned before stay then
 */
export function pinPublishers(keys: PublisherKeys | string): void {
  door().publishers_pin(toJson(keys));
}
