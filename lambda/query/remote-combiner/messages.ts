import * as z from 'zod/mini';
import { type ErrorCode, errorCatalog, PolystoreError } from '../../errors.ts';
import { workloads } from '../../model/index.ts';
import { parseAnswer } from '../../stores/invoke/answer.ts';
import type { Caller } from '../../stores/store.ts';
import type { Answer } from '../answer.ts';
import { limits } from '../limits.ts';
import type { QueryRequest } from '../request.ts';

/** What the function that combines is asked. */
export type CombineMessage =
  /** A statement with what is left of its time, and who asks: whoever invokes the function has authenticated him. */
  | { readonly kind: 'read'; readonly request: QueryRequest; readonly caller: Caller }
  | { readonly kind: 'health' };

/** What it answers, as JSON: rows as lists of values in the order of `columns`, which is half as long as objects are. */
export type CombineAnswer =
  | (Pick<Answer, 'columns' | 'missing'> & { readonly rows: readonly (readonly unknown[])[] })
  | { readonly healthy: true };

export const renderMessage = (message: CombineMessage): string =>
  JSON.stringify(
    message.kind === 'health'
      ? { health: true }
      : { read: { request: message.request, caller: message.caller } },
  );

const count = (most: number) => z.int().check(z.minimum(1), z.maximum(most));
const subject = z.string();
const messageShape = z.union([
  z.strictObject({
    read: z.strictObject({
      request: z.strictObject({
        sql: z.string(),
        params: z.array(z.json()),
        freshness: z.enum(['default', 'strong']),
        scan: z.enum(['refused', 'allowed']),
        partial: z.boolean(),
        tokens: z.array(z.string()),
        timeoutMs: count(limits.timeoutMs.most),
        maxRows: count(limits.maxRows.lines),
        workload: z.optional(z.enum(workloads)),
      }),
      caller: z.discriminatedUnion('kind', [
        z.strictObject({ kind: z.literal('tenant'), tenant: z.string().check(z.minLength(1)), subject }),
        z.strictObject({ kind: z.literal('operator'), subject }),
      ]),
    }),
  }),
  z.strictObject({ health: z.literal(true) }),
]);

/** @throws PolystoreError `invalid_request` for another form. */
export function parseMessage(event: unknown): CombineMessage {
  const parsed = z.safeParse(messageShape, event);
  if (!parsed.success)
    throw new PolystoreError(
      'invalid_request',
      `The request to the function that combines is not of the documented form: ${z.prettifyError(parsed.error).replaceAll(/\s+/g, ' ').slice(0, 500)}. Both must be of the same deployment.`,
    );
  const { data } = parsed;
  if ('health' in data) return { kind: 'health' };
  const { request, caller } = data.read;
  // Pages are of one entity, and so never combined.
  return {
    kind: 'read',
    request: { ...request, workload: request.workload, pageSize: undefined, cursor: undefined },
    caller,
  };
}

export const renderAnswer = ({ columns, rows, missing }: Answer): CombineAnswer => ({
  columns,
  ...(missing !== undefined && { missing }),
  rows: rows.map((row) => columns.map(({ name }) => row[name] ?? null)),
});

const columnTypes = [
  ...(['text', 'oneOf', 'integer', 'bigint', 'decimal', 'float', 'boolean'] as const),
  ...(['timestamp', 'date', 'bytes', 'json', 'other'] as const),
] satisfies readonly Answer['columns'][number]['type'][];
// The catalogue's keys are the codes.
const errorCodes = Object.keys(errorCatalog) as ErrorCode[];
const answerShape = z.object({
  columns: z.array(z.object({ name: z.string(), type: z.enum(columnTypes) })),
  rows: z.array(z.array(z.json())),
  missing: z.optional(
    z.array(
      z.object({
        ...{ entity: z.string(), placement: z.string(), code: z.enum(errorCodes), reason: z.string() },
        ...{ absentRows: z.boolean(), fewerRepeats: z.boolean(), nullColumns: z.array(z.string()) },
        reads: z.object({ failed: z.int(), of: z.int() }),
      }),
    ),
  ),
});

/** @throws PolystoreError the other side's own, or `store_rejected` for what is none of its answers. */
export function parseCombined(answer: unknown): Answer {
  const { columns, rows, missing } = parseAnswer(answerShape, answer);
  return {
    columns,
    rows: rows.map((values) =>
      Object.fromEntries(columns.map(({ name }, index) => [name, values[index] ?? null])),
    ),
    rowCount: rows.length,
    ...(missing !== undefined && { missing }),
  };
}

export const parseHealthy = (answer: unknown): void => {
  parseAnswer(z.object({ healthy: z.literal(true) }), answer);
};
