/** Policy alone: for who has authenticated a request already. */

import { toJson } from './bytes.js';
import { Bundle } from './bundle.js';
import { type Query, QueryWriter } from './compact.js';
import { Handle, handleOf } from './handle.js';
import { door, full } from './module.js';

/** What policy said. */
export interface PolicyAnswer {
  /** `allow`: a policy permits it and none forbids it. */
  readonly effect: 'allow' | 'deny';
  /** The ids of the determining policies. */
  readonly reasons: readonly string[];
  /** The ids of the policies that erred, which were skipped. */
  readonly errors: readonly string[];
}

const writer = new QueryWriter();

/**
 * Entities, linked to a bundle once, and asked about many times.
 *
 * This decides by policy and nothing else: it verifies no signature. `Verifier.check` does both.
 */
export class Entities extends Handle {
  /**
   * @param entities in Cedar's JSON format; those of the bundle come before them
   * @throws Refusal `entities_malformed`
   */
  constructor(bundle: Bundle, entities: readonly object[] | string = []) {
    super(full, door().entities_open(handleOf(bundle, Bundle), toJson(entities)).number());
  }

  /**
   * Asks policy.
   *
   * @throws Refusal `context_malformed`
   * @throws TypeError for a value that Cedar hasn't
   */
  decide(query: Query): PolicyAnswer {
    return this.decideCompact(writer.write(query));
  }

  /**
   * Asks policy by a query in the compact form, such as {@link QueryWriter} makes.
   *
   * @throws Refusal `context_malformed`
   */
  decideCompact(query: Uint8Array): PolicyAnswer {
    const answer = door().decide(handleOf(this, Entities), query);
    return { effect: answer.text() as PolicyAnswer['effect'], reasons: answer.lines(), errors: answer.lines() };
  }
}
