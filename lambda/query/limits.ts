/** Bounds of one request. Each has a named error at it; docs list them. */
export const limits = {
  /** Bytes of a request's body: `payload_too_large`. */
  bodyBytes: 1024 * 1024,
  /** Characters of a statement: `payload_too_large`. */
  statementCharacters: 100_000,
  /** Nesting of a statement's tree: `not_supported`. */
  treeDepth: 200,
  /** Parameters of a statement: PostgreSQL's protocol ends at 65,535. */
  parameters: 2_000,
  /** The longest a statement may run, under the 29 s of the function that runs it: `deadline_exceeded`. */
  timeoutMs: { default: 10_000, most: 25_000 },
  /** Rows of an answer, and of one in lines, which are not held: `result_too_large`. */
  maxRows: { default: 1_000, most: 10_000, lines: 100_000 },
  /** How long a cursor can be read on from: `invalid_cursor`. */
  cursorMs: 24 * 3_600_000,
  /**
   * Bytes of an answer: `result_too_large`. Lambda's are 6,291,556, in which the body is a JSON text, so
   * that quotes and backslashes count twice, beside its headers.
   */
  answerBytes: 6_291_556 - 4_096,
  /** Of an answer in lines that a function gives whole: in base64, which takes four bytes for three. */
  encodedBytes: Math.floor(((6_291_556 - 4_096) * 3) / 4),
  /** Of one that is sent as it is made: Lambda streams up to 200 MB (docs.aws.amazon.com/lambda, Quotas). */
  streamedBytes: 200_000_000 - 4_096,
  /** How long a placement may take to reach a token before the next one is asked. */
  tokenWaitMs: 2_000,
  /** How long an explanation waits for a placement to say how far it is. */
  positionMs: 1_000,
  /** Between two looks at a view; twice as long each time. */
  tokenPollMs: { first: 20, last: 320 },
  /** Rows that a token may speak of: `payload_too_large`. */
  tokenRows: 1_000,
  /** Tokens in one request. */
  tokens: 20,
  /** Rows that are read from slices to answer one statement; above it the next placement is asked. */
  sliceRows: 10_000,
  /** Rows that are read page by page, and not held, to answer one statement; above it the next placement is asked. */
  pagedRows: 100_000,
  /** Partitions that one statement is spread over: two days of hours, a month and a half of days. */
  slices: 48,
  /** The same of rows that are combined, where nothing else leads to them: a month of hours. */
  combinedSlices: 744,
  /** Of partitions that are read in turn until there are enough rows, so many at once. */
  slicesAtOnce: 8,
  /** Rows of each group that a search index gives (`index.max_inner_result_window`). */
  topRows: 100,
  /** Keys of one look-up: DynamoDB's BatchGetItem takes 100. */
  keys: 100,
  /** Groups that a store may add up to answer one statement; above it the next placement is asked. */
  groups: 10_000,
  /** Rows of one entity that a statement over several may combine: `scan_refused`. */
  combinedRows: 100_000,
  /** Values by which rows of one entity are looked up for those of another. */
  combinedKeys: 5_000,
  /**
   * Of those, in one list of a condition: OpenSearch takes 65,536 terms, and half of its words. More of them do not
   * narrow what conditions of its own narrow too.
   */
  combinedList: 1_000,
  /** Days of files of the archive that one statement may read: a year. */
  archiveDays: 366,
  /** Characters of the words of one match: `payload_too_large`. OpenSearch takes 1,024 words. */
  matchCharacters: 1_000,
  /** Rows of one insert into DynamoDB: its transactions take 100. */
  insertRows: 100,
  /** Statements of one transaction: `payload_too_large`. On DynamoDB they touch 100 rows in all. */
  transactionStatements: 100,
  /** Statements whose analysis is remembered. */
  analyses: 500,
  /** Characters of all of them together: a tree takes some 70 bytes a character. */
  analysedCharacters: 1_000_000,
  /** Plans that are remembered, and characters of what each was asked with: of more it is made again. */
  plans: 500,
  plannedCharacters: 2_000,
} as const;
