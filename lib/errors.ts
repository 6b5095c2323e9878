/**
 * Everything that we refuse or cannot do, in one closed set.
 *
 * A `code` is the end of a problem document's `type` and part of the contract with callers. A `reason` is for the
 * operator's log; it may be finer than the code, never freer.
 */
export const PROBLEMS = {
  'body-too-large': { status: 413, title: 'The body is too large' },
  'unreadable-body': { status: 400, title: 'The body cannot be read' },
  'invalid-field': { status: 400, title: 'A field is missing or malformed' },
  'bad-signature': { status: 401, title: 'The signature is wrong' },
  'timestamp-outside-window': { status: 401, title: 'The timestamp is too far from now' },
  'unknown-appid': { status: 401, title: 'The appid is not accepted here' },
  'store-unavailable': { status: 503, title: 'The store did not answer' },
  'internal-error': { status: 500, title: 'This service has failed' },
  'token-required': { status: 401, title: 'A bearer token is required' },
  'invalid-parameter': { status: 400, title: 'A query parameter is unknown, repeated or out of range' },
  'invalid-cursor': { status: 400, title: 'The cursor is broken or belongs to another query' },
  'stream-not-found': { status: 404, title: 'Nothing is known of this stream' },
} as const;

export type ProblemCode = keyof typeof PROBLEMS;

/** Reasons that are finer than their code, because an operator would act differently. */
export const REASONS = {
  'timestamp-too-old': {
    code: 'timestamp-outside-window',
    meaning: 'recorded and sent again, a very late retry, or our clock is ahead',
  },
  'timestamp-too-far-ahead': { code: 'timestamp-outside-window', meaning: "the sender's clock is ahead" },
  'store-timeout': { code: 'store-unavailable', meaning: 'DynamoDB did not answer in time' },
  'store-refused': {
    code: 'internal-error',
    meaning: 'DynamoDB refused a request as malformed or forbidden, or a table is missing; `fault` has its word',
  },
  'secret-unavailable': {
    code: 'store-unavailable',
    meaning: "Parameter Store did not answer, or the role may not read the parameter; `fault` has AWS's word",
  },
  'secret-malformed': {
    code: 'store-unavailable',
    meaning: 'the parameter is empty or holds what the variable would not take',
  },
  'token-missing': { code: 'token-required', meaning: 'no bearer token was sent' },
  'token-wrong': { code: 'token-required', meaning: 'it is none of `LIST_TOKEN`' },
} as const satisfies Record<string, { code: ProblemCode; meaning: string }>;

export type Reason = ProblemCode | keyof typeof REASONS;

export class Problem extends Error {
  override readonly name = 'Problem';
  readonly code: ProblemCode;
  readonly status: number;
  readonly title: string;
  readonly reason: Reason;

  /** `message` becomes the problem's `detail`: it names fields and says what to do, and never repeats a value. */
  constructor(code: ProblemCode, message: string, options: { reason?: Reason; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.status = PROBLEMS[code].status;
    this.title = PROBLEMS[code].title;
    this.reason = options.reason ?? code;
  }
}

/** A field of a callback that is missing or malformed: 400 `invalid-field`, and the detail names the field. */
export function invalidField(field: string, rule: string): Problem {
  return new Problem('invalid-field', `${field} ${rule}`);
}

/**
 * What a handler makes of anything thrown. Anything but a Problem is a bug of ours: the caller gets a 500, so that ZEGO
 * retries, and learns nothing of it.
 */
export function asProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  return new Problem('internal-error', 'This service has failed. Try again.', { cause: error });
}
