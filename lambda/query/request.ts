import * as z from 'zod/mini';
import type { Value } from '../change/change.ts';
import { PolystoreError } from '../errors.ts';
import { type Workload, workloads } from '../model/index.ts';
import { limits } from './limits.ts';

/** One question, checked. */
export interface QueryRequest {
  readonly sql: string;
  readonly params: readonly Value[];
  readonly freshness: 'default' | 'strong';
  readonly tokens: readonly string[];
  readonly timeoutMs: number;
  readonly maxRows: number;
  /** Whose replica of Aurora answers SQL; undefined: by the kind of the statement. */
  readonly workload: Workload | undefined;
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

const requestShape = z.strictObject({
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
  freshness: z.optional(z.unknown()),
  token: z.optional(
    z.union([tokenShape, z.array(tokenShape).check(z.maxLength(limits.tokens)), z.null()], tokenTakes),
  ),
  workload: z.optional(z.enum(workloads, `takes ${workloads.join(', ')}`)),
  limits: z.optional(
    z.strictObject({ timeoutMs: count(limits.timeoutMs.most), maxRows: count(limits.maxRows.most) }),
  ),
});

/**
 * Checks the body of POST /query and POST /explain.
 *
 * @throws PolystoreError `invalid_request` with every problem, `not_supported` for a freshness bound.
 */
export function parseRequest(text: string): QueryRequest {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch (cause) {
    throw new PolystoreError('invalid_request', `The body is no JSON; it takes ${form}.`, { cause });
  }
  const parsed = checkShape(body);
  if (!parsed.success) {
    const problems = parsed.error.issues.map(
      (issue) =>
        `${issue.path.join('.') || 'the body'} ${issue.code === 'unrecognized_keys' ? `has ${issue.keys.join(', ')}, which is not known` : issue.message}`,
    );
    throw new PolystoreError('invalid_request', `The body takes ${form}: ${problems.join('; ')}.`, {
      details: { problems },
    });
  }
  const { sql, params = [], freshness, token, workload, limits: asked } = parsed.data;
  return {
    sql,
    params,
    freshness: parseFreshness(freshness),
    tokens: typeof token === 'string' ? [token] : (token ?? []),
    timeoutMs: asked?.timeoutMs ?? limits.timeoutMs.default,
    maxRows: asked?.maxRows ?? limits.maxRows.default,
    workload,
  };
}

function checkShape(body: unknown) {
  try {
    return z.safeParse(requestShape, body);
  } catch (cause) {
    // The check of JSON values goes down into them, as deep as the stack.
    if (!(cause instanceof RangeError)) throw cause;
    throw new PolystoreError('invalid_request', 'The body is nested too deeply; send flatter parameters.', {
      cause,
    });
  }
}

const form = `{"sql": text, "params"?: [value, …], "freshness"?: 0, "token"?: text or [text, …], "workload"?: "dashboard", "analytics" or "reporting", "limits"?: {"timeoutMs"?: 1 to ${limits.timeoutMs.most}, "maxRows"?: 1 to ${limits.maxRows.most}}}`;

function parseFreshness(freshness: unknown): 'default' | 'strong' {
  if (freshness === undefined || freshness === null) return 'default';
  if (freshness === 0) return 'strong';
  throw new PolystoreError(
    'not_supported',
    `freshness got ${JSON.stringify(freshness).slice(0, 80)}. It takes 0, for an answer from sources only; without it views answer too. Bounds in between come later; a token from a write makes a read see that write.`,
  );
}
