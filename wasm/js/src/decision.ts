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
  }

  /** True for `allow` alone. */
  get allowed(): boolean {
    return this.effect === 'allow';
  }

  /** What a stranger may see of a decision that is not `allow`. */
  get problem(): Problem {
    const stepUp = this.effect === 'step-up';
    return {
      type: `urn:countersign:${this.code}`,
      title: stepUp ? 'A second factor is required.' : 'The policy does not permit this request.',
      status: stepUp ? 401 : 403,
      code: this.code,
    };
  }

  /** The answer to a stranger whom the decision keeps out, as `application/problem+json`. */
  toResponse(): Response {
    return problemResponse(this.problem);
  }
}
