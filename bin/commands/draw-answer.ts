import Table from 'cli-table3';
import * as z from 'zod';
import { sayLoss } from './draw-plan.ts';

const missingShape = z.looseObject({
  ...{ entity: z.string(), placement: z.string(), reason: z.string() },
  reads: z.object({ failed: z.number(), of: z.number() }),
  ...{ absentRows: z.boolean(), fewerRepeats: z.boolean(), nullColumns: z.array(z.string()) },
});
const resultShape = z.looseObject({
  columns: z.array(z.looseObject({ name: z.string() })),
  rows: z.array(z.record(z.string(), z.unknown())),
  rowCount: z.number(),
  route: z.looseObject({ placement: z.string(), engine: z.string(), why: z.string() }),
});
const answerShape = resultShape.extend({
  token: z.string().nullable(),
  cursor: z.optional(z.string().nullable()),
  missing: z.optional(z.array(missingShape)),
});
const transactionShape = z.looseObject({
  results: z.array(resultShape),
  isolation: z.string(),
  token: z.string().nullable(),
});

/**
 * Draws the answer of POST /query for people: its rows as a table, what it lacks, and what answered.
 *
 * @param answer as JSON gives it
 */
export function drawAnswer(answer: unknown): string {
  const { token, cursor, missing = [], ...result } = answerShape.parse(answer);
  const lines = drawResult(result);
  for (const { entity, placement, reason, reads, ...loss } of missing)
    lines.push(
      `PARTIAL: ${reads.failed} of ${reads.of} reads of ${entity} (${placement}) failed; ${sayLoss(loss)}. ${reason}`,
    );
  if (token !== null) lines.push(`token ${token}`);
  if (typeof cursor === 'string') lines.push(`cursor ${cursor}`);
  return lines.join('\n');
}

/**
 * Draws the answer of POST /query to several statements, each below its number.
 *
 * @param answer as JSON gives it
 */
export function drawTransaction(answer: unknown): string {
  const { results, isolation, token } = transactionShape.parse(answer);
  return [
    ...results.flatMap((result, index) => [`${index + 1} of ${results.length}`, ...drawResult(result)]),
    `all of it was done (${isolation})`,
    ...(token === null ? [] : [`token ${token}`]),
  ].join('\n');
}

function drawResult({ columns, rows, rowCount, route }: z.infer<typeof resultShape>): string[] {
  const lines: string[] = [];
  if (columns.length > 0) {
    const table = new Table({ head: columns.map((column) => column.name), style: { head: [], border: [] } });
    for (const row of rows) table.push(columns.map((column) => renderCell(row[column.name])));
    lines.push(table.toString());
  }
  lines.push(
    `${rowCount} ${rowCount === 1 ? 'row' : 'rows'} from ${route.placement} (${route.engine}): ${route.why}`,
  );
  return lines;
}

function renderCell(value: unknown): string {
  if (value === null || value === undefined) return '';
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
