/** Policy bundles: compiled Cedar, as `countersign policy build` writes it. */

import { type Bytes, toBytes, toHex } from './bytes.js';
import { Answer } from './frame.js';
import { Handle } from './handle.js';
import { door } from './module.js';

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
   * `bundle_digest_mismatch`, `bundle_malformed`
   */
  constructor(bytes: Bytes) {
    const answer = Answer.of(door().bundle_open(toBytes(bytes)));
    super(answer.number());
    this.name = answer.text();
    this.version = answer.text();
    this.sha256 = toHex(answer.bytes());
  }
}
