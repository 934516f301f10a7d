import type { Value } from '../change/change.ts';
import { type Answer, type AnswerColumn, namedColumns } from './answer.ts';
import { type Attempt, answerBy, askInTurn, type ReadRequest, sqlRequest } from './execute-read.ts';
import type { Qualified } from './plan.ts';
import type { QueryStores } from './query-stores.ts';
import { answerInPages, isPaged } from './read-pages.ts';
import { type Timer, withDeadline } from './timer.ts';

/** Where an answer goes while it is made: what is not taken yet is not read yet. */
export interface ReadSink {
  /** Once, before any row. */
  begin(columns: readonly AnswerColumn[], taken: Qualified, failed: readonly Attempt[]): Promise<void>;
  /** Some rows at a time, values in the order of the columns. */
  rows(rows: readonly (readonly Value[])[]): Promise<void>;
  /** Aborts when nobody wants the rest. */
  readonly signal: AbortSignal;
}

/** An answer that broke off: no other placement may begin it again. */
class BrokenOff extends Error {}

const rowsAtOnce = 256;

/**
 * Asks the candidates in turn until one answers, into a sink; how many rows there were, and what is missing of them.
 * From Aurora, and from a search index that has them in order, rows are given as they are read. What others answer is
 * bounded by their limits, and read before the first row of it is given.
 *
 * @throws as `executeRead`, after rows were given too, and what the sink throws.
 */
export async function streamRead(
  candidates: Iterable<Qualified>,
  request: ReadRequest,
  stores: QueryStores,
  timer: Timer,
  sink: ReadSink,
): Promise<Pick<Answer, 'rowCount' | 'missing'>> {
  let begun = false;
  const streamed = await askInTurn<Answer | number>(
    candidates,
    request,
    timer,
    async (taken, turn, failed) => {
      const { route } = taken;
      try {
        if (route.kind === 'native' && isPaged(route)) {
          let rowCount = 0;
          for await (const { columns, rows } of answerInPages(route, turn, stores, timer)) {
            if (!begun) {
              begun = true;
              await sink.begin(columns, taken, failed);
            }
            rowCount += rows.length;
            await giveRows(columns, rows, sink);
            if (sink.signal.aborted) break;
          }
          return rowCount;
        }
        if (route.kind !== 'sql') return await answerBy(route, turn, stores, timer);
        return await stores.aurora.stream(await sqlRequest(route, turn), {
          ...{ rows: sink.rows, signal: sink.signal },
          begin: async (columns) => {
            begun = true;
            await sink.begin(namedColumns(columns), taken, failed);
          },
        });
      } catch (cause) {
        if (begun || sink.signal.aborted) throw new BrokenOff('The answer broke off.', { cause });
        throw cause;
      }
    },
  ).catch((error: unknown) => {
    throw error instanceof BrokenOff ? error.cause : error;
  });
  if (typeof streamed.answer === 'number') return { rowCount: streamed.answer };
  const { answer, taken, failed } = streamed;
  const { rows, signal } = sink;
  const begin = (columns: readonly AnswerColumn[]) => sink.begin(columns, taken, failed);
  await withDeadline(giveAnswer(answer, { begin, rows, signal }), request.deadline, timer);
  return answer;
}

/** Gives an answer that is whole already. */
export async function giveAnswer(
  { columns, rows }: Answer,
  sink: Omit<ReadSink, 'begin'> & { begin(columns: readonly AnswerColumn[]): Promise<void> },
): Promise<void> {
  await sink.begin(columns);
  await giveRows(columns, rows, sink);
}

async function giveRows(
  columns: readonly AnswerColumn[],
  rows: Answer['rows'],
  sink: Pick<ReadSink, 'rows' | 'signal'>,
): Promise<void> {
  for (let start = 0; start < rows.length && !sink.signal.aborted; start += rowsAtOnce) {
    const some = rows.slice(start, start + rowsAtOnce);
    await sink.rows(some.map((row) => columns.map(({ name }) => row[name] ?? null)));
  }
}
