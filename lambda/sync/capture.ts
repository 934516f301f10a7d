import type { LogRecord } from '../change/envelope.ts';
import { PolystoreError } from '../errors.ts';
import type { Catalog } from '../model/index.ts';
import type { RemovedItem, Tombstones } from '../stores/dynamodb/index.ts';
import type { Appended, ChangeLog } from '../stores/kafka/index.ts';
import type { Clock } from '../stores/store.ts';
import { asRecord, gapError, gapLetters, latenessOf, unknownLetter } from './capture-letters.ts';
import { planCapture, type StreamRecord } from './capture-plan.ts';
import type { DeadLetter, DeadLetters } from './dead-letters.ts';
import type { Log } from './log.ts';
import type { Metrics } from './metrics.ts';

export interface CaptureOptions {
  readonly catalog: Catalog;
  readonly changeLog: ChangeLog;
  /** Answers the removals that are not ours. */
  readonly tombstones: Tombstones;
  /** Keeps items that no entity owns, and says of which entities changes may be lost. */
  readonly deadLetters: DeadLetters;
  /** Of this function's configuration, 0 to 127. */
  readonly generation: number;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
}

/** What Lambda is answered: it sends everything again from the lowest of these. */
export interface CaptureResponse {
  readonly batchItemFailures: readonly { readonly itemIdentifier: string }[];
}

/** What a batch comes to before anything is written. */
interface Plan {
  /** In stream order, each with the sequence number that Lambda knows it by. */
  readonly records: readonly {
    readonly record: LogRecord;
    readonly sequence: string;
    readonly removed: RemovedItem | undefined;
  }[];
  readonly letters: readonly DeadLetter[];
  readonly sweeps: number;
  readonly unchanged: number;
}

/**
 * Carries a batch of a DynamoDB stream to the change log, in order. The answer names the first record
 * that the log has not acknowledged; all from there on comes again, and readers tell by the versions.
 * That some records behind it are on the log already, of the same key too, changes nothing for them.
 *
 * @throws PolystoreError `store_unavailable` when letters cannot be kept: the whole batch comes again.
 */
export function createCapture(options: CaptureOptions) {
  const { catalog, changeLog, tombstones, deadLetters, generation, clock, log, metrics } = options;
  const { table } = catalog;
  if (table === undefined)
    throw new PolystoreError(
      'invalid_configuration',
      `The model ${catalog.name} has no DynamoDB entity to capture.`,
    );

  const plan = (streams: readonly StreamRecord[], nowMs: number): Plan => {
    const records: Plan['records'][number][] = [];
    const letters: DeadLetter[] = [];
    let sweeps = 0;
    let unchanged = 0;
    for (const stream of streams) {
      const captured = planCapture(stream, { catalog, table, context: { generation, nowMs } });
      if (captured.kind === 'record')
        records.push({
          record: captured.record,
          sequence: stream.dynamodb?.SequenceNumber ?? '',
          removed: captured.removed,
        });
      else if (captured.kind === 'sweep') sweeps += 1;
      else if (captured.kind === 'unchanged') unchanged += 1;
      else letters.push(unknownLetter(stream, table, captured.entity));
    }
    return { records, letters, sweeps, unchanged };
  };

  /** Tells of changes that the stream may have dropped before they were read. */
  const noticeLateness = async (streams: readonly StreamRecord[], nowMs: number): Promise<number> => {
    const lateness = latenessOf(streams, nowMs);
    const [oldest] = streams;
    if (lateness.kind === 'late')
      log.warn('capture is late: the stream keeps changes for 24 hours', { table: table.name, ...lateness });
    if (lateness.kind === 'gap' && oldest !== undefined) {
      const error = gapError(catalog, table.name, lateness);
      log.error('the stream has a gap', { code: error.code, reason: error.message, ...error.details });
      await deadLetters.put(gapLetters(catalog, error, asRecord(oldest, table.name)));
    }
    return lateness.ageMs;
  };

  return async (event: { readonly Records: readonly StreamRecord[] }): Promise<CaptureResponse> => {
    const nowMs = clock();
    const oldestAgeMs = await noticeLateness(event.Records, nowMs);
    const { records, letters, sweeps, unchanged } = plan(event.Records, nowMs);
    // First, so that nothing is acknowledged whose letter is not kept.
    if (letters.length > 0) {
      await deadLetters.put(letters);
      log.warn('items of no entity of this model are not captured', {
        foreign: letters.length,
        reasons: [...new Set(letters.map(({ reason }) => reason))].slice(0, 10),
      });
    }
    const appended = await changeLog.append(records.map(({ record }) => record));
    metrics.add(
      { store: 'dynamodb' },
      {
        LagSeconds: oldestAgeMs / 1000,
        ForeignItems: letters.length,
        StreamGaps: latenessOf(event.Records, nowMs).kind === 'gap' ? 1 : 0,
      },
    );
    const done = await answerRemovals(records, appended, tombstones);
    const first = done.indexOf(false);
    const summary = {
      captured: appended.positions.filter((position) => position !== undefined).length,
      sweeps,
      unchanged,
      foreign: letters.length,
      removals: records.filter(({ removed }) => removed !== undefined).length,
      oldestAgeMs,
    };
    if (first === -1) {
      log.info('captured', summary);
      return { batchItemFailures: [] };
    }
    log.error('not all records were captured', {
      ...summary,
      missing: records.length - summary.captured,
      code: appended.error?.code ?? 'store_unavailable',
      reason: appended.error?.message ?? 'DynamoDB did not take the tombstone of a removed item',
    });
    return { batchItemFailures: [{ itemIdentifier: records[first]?.sequence ?? '' }] };
  };
}

/**
 * Puts tombstones where items were removed, for the removals that the log has.
 * @returns for each record whether all of it is done
 */
async function answerRemovals(
  records: Plan['records'],
  { positions }: Appended,
  tombstones: Tombstones,
): Promise<readonly boolean[]> {
  const done = positions.map((position) => position !== undefined);
  const open = records.flatMap(({ removed }, index) =>
    removed !== undefined && done[index] === true ? [{ index, removed }] : [],
  );
  if (open.length === 0) return done;
  const put = await tombstones.put(open.map(({ removed }) => removed));
  for (const [place, { index }] of open.entries()) done[index] = put[place] ?? false;
  return done;
}
