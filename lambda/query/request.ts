import * as z from 'zod/mini';
import type { Value } from '../change/change.ts';
import { PolystoreError } from '../errors.ts';
import { type Workload, workloads } from '../model/index.ts';
import { type Isolation, isolations } from '../stores/isolation.ts';
import { limits } from './limits.ts';

/** One question, checked. */
export interface QueryRequest {
  readonly sql: string;
  readonly params: readonly Value[];
  readonly freshness: 'default' | 'strong';
  readonly tokens: readonly string[];
  readonly timeoutMs: number;
  readonly maxRows: number;
  /** Rows of a page; undefined: all of the answer at once. */
  readonly pageSize: number | undefined;
  /** Of the page before; undefined: the first. */
  readonly cursor: string | undefined;
  /** Whose replica of Aurora answers SQL; undefined: by the kind of the statement. */
  readonly workload: Workload | undefined;
  /** Whether a placement may read all that it has of an entity, up to the limits, to answer. */
  readonly scan: 'refused' | 'allowed';
  /** Whether the answer may lack what could not be read, as far as it can say what that is. */
  readonly partial: boolean;
  /** Whether what is explained is run too. */
  readonly analyze?: boolean;
}

/** Several statements on one source, all or none, checked. */
export interface TransactionRequest {
  readonly statements: readonly RequestedStatement[];
  readonly isolation: Isolation;
  readonly tokens: readonly string[];
  /** For all of them. */
  readonly timeoutMs: number;
  /** Of all answers together. */
  readonly maxRows: number;
}
export interface RequestedStatement extends Pick<QueryRequest, 'sql' | 'params'> {
  /** How many rows it is to write, or read; another number undoes all. Undefined: any. */
  readonly rowCount: number | undefined;
}

const count = (most: number) => {
  const takes = `takes a whole number from 1 to ${most}`;
  return z.optional(z.int(takes).check(z.minimum(1, takes), z.maximum(most, takes)));
};
const tokenTakes = `takes a token or a list of at most ${limits.tokens}`;
const tokenShape = z.string(tokenTakes).check(z.minLength(1, tokenTakes));
/** Whether no number in a value may have lost digits when it was read. */
function keepsDigits(value: unknown): boolean {
  if (typeof value === 'number') return !Number.isInteger(value) || Number.isSafeInteger(value);
  return typeof value !== 'object' || value === null || Object.values(value).every(keepsDigits);
}

const statementMembers = {
  sql: z.string('takes a text'),
  params: z.optional(
    z
      .array(
        z
          .json()
          .check(z.refine(keepsDigits, 'takes whole numbers beyond 2^53 as texts: JSON readers round them')),
        'takes a list of JSON values',
      )
      .check(z.maxLength(limits.parameters, `takes at most ${limits.parameters} values`)),
  ),
};
const limitMembers = { timeoutMs: count(limits.timeoutMs.most), maxRows: count(limits.maxRows.lines) };
const commonMembers = {
  token: z.optional(
    z.union([tokenShape, z.array(tokenShape).check(z.maxLength(limits.tokens)), z.null()], tokenTakes),
  ),
  limits: z.optional(z.strictObject(limitMembers)),
};
const requestShape = z.strictObject({
  ...statementMembers,
  ...commonMembers,
  limits: z.optional(
    z.strictObject({
      ...limitMembers,
      scan: z.optional(z.enum(['refused', 'allowed'], "takes 'refused' or 'allowed'")),
      pageSize: count(limits.maxRows.most - 1),
      partial: z.optional(z.boolean('takes true or false')),
    }),
  ),
  cursor: z.optional(z.union([z.string().check(z.minLength(1)), z.null()], 'takes the cursor of a page')),
  freshness: z.optional(z.unknown()),
  analyze: z.optional(z.boolean('takes true or false')),
  workload: z.optional(z.enum(workloads, `takes ${workloads.join(', ')}`)),
});
const countTakes = 'takes a whole number from 0';
const statementsTake = `takes a list of 1 to ${limits.transactionStatements} statements`;
const transactionShape = z.strictObject({
  ...commonMembers,
  limits: z.optional(z.strictObject(limitMembers)),
  statements: z
    .array(
      z.strictObject({
        ...statementMembers,
        rowCount: z.optional(z.int(countTakes).check(z.minimum(0, countTakes))),
      }),
      statementsTake,
    )
    .check(z.minLength(1, statementsTake), z.maxLength(limits.transactionStatements, statementsTake)),
  isolation: z.optional(z.enum(isolations, `takes ${isolations.join(', ')}`)),
});

/**
 * Checks the body of POST /query and POST /explain: of one statement, or of a transaction.
 *
 * @throws PolystoreError `invalid_request` with every problem, `not_supported` for a freshness bound.
 */
export function parseRequest(text: string): QueryRequest | TransactionRequest {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch (cause) {
    throw new PolystoreError('invalid_request', `The body is no JSON; it takes ${form}.`, { cause });
  }
  if (typeof body === 'object' && body !== null && 'statements' in body) {
    const { statements, isolation = 'read committed', ...common } = checkShape(transactionShape, body);
    return {
      statements: statements.map(({ sql, params = [], rowCount }) => ({ sql, params, rowCount })),
      isolation,
      ...parseCommon(common),
    };
  }
  const {
    sql,
    params = [],
    freshness,
    workload,
    cursor,
    analyze,
    ...common
  } = checkShape(requestShape, body);
  const pageSize = common.limits?.pageSize;
  if (typeof cursor === 'string' && pageSize === undefined)
    throw new PolystoreError(
      'invalid_request',
      'cursor is for reading on in pages: send limits.pageSize with it.',
    );
  const partial = common.limits?.partial ?? false;
  if (partial && pageSize !== undefined)
    throw new PolystoreError(
      'invalid_request',
      'A page is whole: the next one would begin behind rows that were not read. Send limits.partial without limits.pageSize.',
    );
  return {
    ...{ sql, params, workload, pageSize, partial },
    ...(analyze !== undefined && { analyze }),
    freshness: parseFreshness(freshness),
    scan: common.limits?.scan ?? 'refused',
    cursor: cursor ?? undefined,
    ...parseCommon(common),
  };
}

function parseCommon({
  token,
  limits: asked,
}: Pick<z.infer<typeof transactionShape>, 'token' | 'limits'>): Pick<
  QueryRequest,
  'tokens' | 'timeoutMs' | 'maxRows'
> {
  return {
    tokens: typeof token === 'string' ? [token] : (token ?? []),
    timeoutMs: asked?.timeoutMs ?? limits.timeoutMs.default,
    maxRows: asked?.maxRows ?? limits.maxRows.default,
  };
}

/**
 * Refuses a request for more rows than an answer has that is held until it is whole.
 *
 * @throws PolystoreError `invalid_request`.
 */
export function refuseLongAnswer({ maxRows }: QueryRequest | TransactionRequest, linesType: string): void {
  if (maxRows <= limits.maxRows.most) return;
  throw new PolystoreError(
    'invalid_request',
    `limits.maxRows got ${maxRows}; it takes up to ${limits.maxRows.most}, and up to ${limits.maxRows.lines} for an answer in lines (Accept: ${linesType}). Or read in pages, with limits.pageSize.`,
  );
}

function checkShape<Shape extends z.ZodMiniType>(shape: Shape, body: unknown): z.infer<Shape> {
  const parsed = parseShape(shape, body);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(
    (issue) =>
      `${issue.path.join('.') || 'the body'} ${issue.code === 'unrecognized_keys' ? `has ${issue.keys.join(', ')}, which is not known` : issue.message}`,
  );
  throw new PolystoreError('invalid_request', `The body takes ${form}: ${problems.join('; ')}.`, {
    details: { problems },
  });
}

function parseShape<Shape extends z.ZodMiniType>(shape: Shape, body: unknown) {
  try {
    return z.safeParse(shape, body);
  } catch (cause) {
    // The check of JSON values goes down into them, as deep as the stack.
    if (!(cause instanceof RangeError)) throw cause;
    throw new PolystoreError('invalid_request', 'The body is nested too deeply; send flatter parameters.', {
      cause,
    });
  }
}

const boundsForm = `"timeoutMs"?: 1 to ${limits.timeoutMs.most}, "maxRows"?: 1 to ${limits.maxRows.most}, in lines to ${limits.maxRows.lines}`;
const form = `{"sql": text, "params"?: [value, …], "freshness"?: 0, "token"?: text or [text, …], "workload"?: "dashboard", "analytics" or "reporting", "limits"?: {${boundsForm}, "scan"?: "refused" or "allowed", "pageSize"?: 1 to ${limits.maxRows.most - 1}, "partial"?: true or false}, "cursor"?: text, "analyze"?: true or false (of /explain)}, or of a transaction {"statements": [{"sql": text, "params"?: [value, …], "rowCount"?: number}, …], "isolation"?: ${isolations.map((one) => `"${one}"`).join(' or ')}, "token"?: text or [text, …], "limits"?: {${boundsForm}}}`;

function parseFreshness(freshness: unknown): 'default' | 'strong' {
  if (freshness === undefined || freshness === null) return 'default';
  if (freshness === 0) return 'strong';
  throw new PolystoreError(
    'not_supported',
    `freshness got ${JSON.stringify(freshness).slice(0, 80)}. It takes 0, for an answer from sources only; without it views answer too. Bounds in between come later; a token from a write makes a read see that write.`,
  );
}
