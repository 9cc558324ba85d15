/** Why the module refused. */

/** Problem details for a stranger (RFC 9457): they say less than the refusal itself. */
export interface Problem {
  /** `urn:countersign:` and the code. */
  readonly type: string;
  /** One sentence. */
  readonly title: string;
  /** The HTTP status that goes with it. */
  readonly status: number;
  /** The public code. */
  readonly code: string;
  /** The base that was expected, where the profile reveals it. */
  readonly expected_base?: string;
}

/**
 * A refusal by the module: a stable code, and a sentence for the operator.
 *
 * Keep {@link code} and `message` inside; answer a stranger with {@link toResponse} or
 * {@link problem}, from which an unknown key can't be told from a wrong signature.
 */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  /** The stable code, such as `signature_mismatch`. */
  readonly code: string;
  /** What a stranger may see. */
  readonly problem: Problem;
  /** The header field (or option) that was at fault, where one was. */
  readonly field: string | undefined;
  /** Bytes from the start of that field's value. */
  readonly at: number | undefined;

  /** Refusals are made by the module; this is for tests of what handles them. */
  constructor(code: string, message: string, problem: Problem, place?: { field: string; at: number }) {
    super(message);
    this.code = code;
    this.problem = problem;
    this.field = place?.field;
    this.at = place?.at;
  }

  /** The code that a stranger may see: every fault of the credential is `signature_refused`. */
  get publicCode(): string {
    return this.problem.code;
  }

  /** The HTTP status that answers it. */
  get status(): number {
    return this.problem.status;
  }

  /** The answer to a stranger, as `application/problem+json`. */
  toResponse(): Response {
    return problemResponse(this.problem);
  }
}

/** The response that carries a problem. */
export function problemResponse(problem: Problem): Response {
  return new Response(JSON.stringify(problem), {
    status: problem.status,
    headers: { 'content-type': 'application/problem+json', 'cache-control': 'no-store' },
  });
}
