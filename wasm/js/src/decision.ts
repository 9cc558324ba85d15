/** What policy said of a verified request. */

import type { Answer } from './frame.js';
import { type Problem, problemResponse } from './refusal.js';

/** The outcome: `step-up` lets it through once a second factor has been given. */
export type Effect = 'allow' | 'deny' | 'step-up';

/** An entity of the policy. */
export interface EntityUid {
  readonly type: string;
  readonly id: string;
}

/** A decision, and what it rests on. */
export class Decision {
  /** The outcome. */
  readonly effect: Effect;
  /** `allowed`, `step_up_required`, or why not: `no_route`, `not_permitted`, `forbidden`. */
  readonly code: string;
  /** The id of the action that the route names; empty without a route. */
  readonly action: string;
  /** The resource that the route names. */
  readonly resource: EntityUid | null;
  /** The ids of the determining policies. */
  readonly reasons: readonly string[];
  /** The ids of the policies that erred, which were skipped. */
  readonly errors: readonly string[];
  /** What the determining policies say of themselves, by `@reason`. */
  readonly explanations: readonly string[];
  /** One JSON object without line breaks or secrets, for the audit log. */
  readonly record: string;
  /** What a stranger may see of a decision that is not `allow`; null for one that is. */
  readonly problem: Problem | null;

  /** What is to be seen to, by the annotations of the determining policies: names and values. */
  readonly obligations: readonly (readonly [name: string, value: string])[];

  /** Made by `Verifier.authorize`, out of the module's answer. */
  constructor(answer: Answer) {
    this.effect = answer.text() as Effect;
    this.code = answer.text();
    this.action = answer.text();
    const [type, id] = [answer.text(), answer.text()];
    this.resource = type === '' ? null : { type, id };
    this.reasons = answer.lines();
    this.errors = answer.lines();
    this.explanations = answer.lines();
    this.record = answer.text();
    const problem = answer.text();
    this.problem = problem === '' ? null : (JSON.parse(problem) as Problem);
    this.obligations = JSON.parse(answer.text()) as [string, string][];
  }

  /** True for `allow` alone. */
  get allowed(): boolean {
    return this.effect === 'allow';
  }

  /**
   * The answer to a stranger whom the decision keeps out, as `application/problem+json`.
   *
   * @throws TypeError for a decision that is `allow`: that request is to be served
   */
  toResponse(): Response {
    if (this.problem === null) throw new TypeError('an allowed request has no problem to answer with');
    return problemResponse(this.problem);
  }
}
