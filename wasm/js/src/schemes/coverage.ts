/** What a signature says nothing about, told before anyone relies on it. */

import type { Answer } from '../frame.js';

/**
 * How far a signature covers a part of the request: `yes`, all of it; `partly`, in some requests only, or in a form
 * that different values share; `no`, it can be changed and the signature stays good.
 */
export type Covered = 'yes' | 'partly' | 'no';

/** What the signatures of a scheme cover. */
export interface Coverage {
  readonly method: Covered;
  /** The host that the request is for. */
  readonly host: Covered;
  readonly path: Covered;
  readonly query: Covered;
  readonly body: Covered;
  /** How many milliseconds old a signature may be, unless its sender says; `undefined` if there is no such limit. */
  readonly maxAge: number | undefined;
  /** Whether the sender chooses when the signature ends. */
  readonly senderSetsExpiry: boolean;
  /** Whether a nonce or a message id is signed. */
  readonly nonce: boolean;
  /** What else is worth knowing. */
  readonly notes: readonly string[];
}

/** What there is to know of a scheme. */
export interface Description {
  readonly title: string;
  readonly documentation: string;
  readonly algorithm: string;
  readonly coverage: Coverage;
}

/** Reads the module's description of a scheme. */
export function describe(answer: Answer): Description {
  const [title, documentation, algorithm] = [answer.text(), answer.text(), answer.text()];
  const covered = () => answer.text() as Covered;
  const [method, host, path, query, body] = [covered(), covered(), covered(), covered(), covered()];
  const maxAge = answer.optionalNumber();
  const [senderSetsExpiry, nonce] = [answer.number() === 1, answer.number() === 1];
  const coverage = { method, host, path, query, body, maxAge, senderSetsExpiry, nonce, notes: answer.lines() };
  return { title, documentation, algorithm, coverage };
}
