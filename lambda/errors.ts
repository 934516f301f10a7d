/**
 * Every error code of Polystore, once. `docs/errors.md` is made from this table.
 * `status` is the HTTP status the API answers with; `retryable` says whether the same request,
 * sent again unchanged, can succeed.
 */
export const errorCatalog = {
  // what a caller sent
  invalid_request: { status: 400, retryable: false, summary: 'The request is not of the documented form.' },
  invalid_sql: { status: 400, retryable: false, summary: 'PostgreSQL’s parser refuses the statement.' },
  unknown_entity: {
    status: 400,
    retryable: false,
    summary: 'The statement names a table that the model does not declare.',
  },
  unknown_column: {
    status: 400,
    retryable: false,
    summary: 'The statement names a column that its entity does not have.',
  },
  invalid_value: { status: 400, retryable: false, summary: 'A value does not fit the type of its field.' },
  precondition_failed: {
    status: 409,
    retryable: false,
    summary: 'A statement met another number of rows than its `rowCount` says. Nothing was written.',
  },
  check_violated: {
    status: 409,
    retryable: false,
    summary: 'A row would break a check that the model declares; details name it. Nothing was written.',
  },
  invalid_cursor: {
    status: 400,
    retryable: false,
    summary:
      'The cursor was not issued by this deployment for this statement, its parameters, this tenant and this model, or is old.',
  },
  invalid_token: {
    status: 400,
    retryable: false,
    summary: 'The token was not issued by this deployment or is damaged.',
  },
  not_supported: {
    status: 422,
    retryable: false,
    summary: 'No placement can answer this statement; the message says what can be asked.',
  },
  scan_refused: {
    status: 422,
    retryable: false,
    summary: 'The statement would read without a key or an index and no one allowed it.',
  },
  conflict: {
    status: 409,
    retryable: false,
    summary: 'The row exists already, or a constraint refuses the write.',
  },
  unauthenticated: { status: 401, retryable: false, summary: 'The request carries no valid credential.' },
  forbidden: { status: 403, retryable: false, summary: 'The credential does not allow this.' },
  payload_too_large: {
    status: 413,
    retryable: false,
    summary: 'The request or one of its parts is over a documented limit.',
  },
  // what the system could not do now
  token_not_met: {
    status: 409,
    retryable: true,
    summary: 'No placement has got as far as the token within the time allowed.',
  },
  deadline_exceeded: {
    status: 504,
    retryable: true,
    summary: 'The statement did not finish before its deadline.',
  },
  result_too_large: { status: 422, retryable: false, summary: 'The answer is over the row or byte limit.' },
  contended: { status: 409, retryable: true, summary: 'Other writers changed the same row at every try.' },
  overloaded: {
    status: 429,
    retryable: true,
    summary: 'More is asked than can be taken now; Retry-After says when to send it again.',
  },
  clock_off: {
    status: 503,
    retryable: true,
    summary:
      'The clock of this process differs from the store’s by more than a second, so it writes nothing.',
  },
  store_unavailable: { status: 503, retryable: true, summary: 'A store did not answer.' },
  blocked: {
    status: 503,
    retryable: true,
    summary: 'Something else must end first, and has not within the time allowed; the message names it.',
  },
  incomplete_source: {
    status: 409,
    retryable: false,
    summary:
      'Records are neither in the change log any more nor in the archive, so the source does not know all of its rows; the message names them.',
  },
  store_rejected: {
    status: 500,
    retryable: false,
    summary: 'A store refused a request that should have been valid.',
  },
  internal: { status: 500, retryable: false, summary: 'A defect in Polystore.' },
  // the model and the change stream
  invalid_model: {
    status: 500,
    retryable: false,
    summary: 'The model breaks a rule that the compiler proves; every problem is listed.',
  },
  migration_refused: {
    status: 500,
    retryable: false,
    summary: 'The schema change would lose data and was not allowed by name.',
  },
  loss_refused: {
    status: 500,
    retryable: false,
    summary:
      'A deployment would remove or replace what holds data and that was not allowed by name; the message names the runbook.',
  },
  poison_change: {
    status: 500,
    retryable: false,
    summary: 'A change on the log cannot be decoded or mapped; it becomes a dead letter.',
  },
  stream_gap: {
    status: 500,
    retryable: false,
    summary:
      'A DynamoDB stream was read so late that changes may be lost; the message names the backfills that bring them.',
  },
  slot_lost: {
    status: 500,
    retryable: false,
    summary:
      'The replication slot is gone, or lost WAL that was not read; the message names the generation to set and the backfills.',
  },
  invalid_configuration: {
    status: 500,
    retryable: false,
    summary: 'An environment variable or an environment file is missing or malformed.',
  },
  // this machine
  engine_failed: {
    status: 500,
    retryable: true,
    summary: 'An engine on this machine did not start or died.',
  },
  port_taken: { status: 500, retryable: false, summary: 'A port that an engine needs is in use.' },
  folder_not_writable: { status: 500, retryable: false, summary: 'A folder that must be written cannot be.' },
  tool_missing: { status: 500, retryable: false, summary: 'A tool that the set-up needs is not installed.' },
  setup_failed: { status: 500, retryable: true, summary: 'A set-up step failed.' },
  not_running: { status: 500, retryable: false, summary: 'Nothing is running here to talk to.' },
  already_running: { status: 500, retryable: false, summary: 'It is running here already.' },
} as const satisfies Record<string, { status: number; retryable: boolean; summary: string }>;

export type ErrorCode = keyof typeof errorCatalog;

export interface ErrorOptions {
  readonly cause?: unknown;
  /** Machine-readable facts beside the message; must be JSON and hold no secret. */
  readonly details?: Readonly<Record<string, unknown>>;
  /**
   * The message that callers of the API get: none that a driver or a service wrote, for it may name hosts, accounts
   * and other people's data.
   * @default - where the status is below 500 the message; else the summary of the code alone, without details
   */
  readonly told?: string;
}

/**
 * The one base error. The message says what was wrong, what was received, what is allowed and what
 * to do; `code` is for programs.
 */
export class PolystoreError extends Error {
  override readonly name: string = 'PolystoreError';
  readonly code: ErrorCode;
  readonly details: Readonly<Record<string, unknown>>;
  /** What callers of the API may know of it. */
  readonly told: Pick<PolystoreError, 'message' | 'details'>;

  constructor(code: ErrorCode, message: string, options: ErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.details = options.details ?? {};
    const { status, summary } = errorCatalog[code];
    this.told =
      options.told === undefined && status >= 500
        ? { message: summary, details: {} }
        : { message: options.told ?? message, details: this.details };
  }

  get retryable(): boolean {
    return errorCatalog[this.code].retryable;
  }

  /** The HTTP status that the API answers with. */
  get status(): number {
    return errorCatalog[this.code].status;
  }
}

/** The message of whatever was thrown; a native module's errors are of another realm than ours. */
export const messageOf = (error: unknown): string =>
  typeof error === 'object' && error !== null && 'message' in error ? String(error.message) : String(error);
