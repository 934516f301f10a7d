import type { LoggedRecord, LogRecord } from '../../lambda/change/envelope.ts';
import { PolystoreError } from '../../lambda/errors.ts';
import type { RemovedItem, Tombstones } from '../../lambda/stores/dynamodb/index.ts';
import type { Appended, ChangeLog } from '../../lambda/stores/kafka/index.ts';
import { partitionOf } from '../../lambda/stores/kafka/partition.ts';
import type { DeadLetter, DeadLetters } from '../../lambda/sync/dead-letters.ts';
import type { Log } from '../../lambda/sync/log.ts';
import type { LogEvent } from '../../lambda/sync/log-event.ts';
import type { MeasuredView, Metrics } from '../../lambda/sync/metrics.ts';

/**
 * A change log in memory, as `ChangeLog` describes it: six partitions a topic by Java's partitioner,
 * offsets that count up. Records that `refuses` picks are not acknowledged and not kept.
 */
export function createFakeLog(refuses: (record: LogRecord, index: number) => boolean = () => false) {
  const records: LoggedRecord[] = [];
  const changeLog: ChangeLog = {
    append: async (appended): Promise<Appended> => {
      const positions = appended.map((record, index) => {
        if (refuses(record, index)) return undefined;
        const partition = partitionOf(Buffer.from(record.key), 6);
        const offset = BigInt(
          records.filter((other) => other.topic === record.topic && other.partition === partition).length,
        );
        records.push({
          topic: record.topic,
          partition,
          offset,
          timestampMs: 0,
          key: Buffer.from(record.key),
          value: Buffer.from(record.value),
          headers: record.headers,
        });
        return { topic: record.topic, partition, offset };
      });
      const error = positions.includes(undefined)
        ? new PolystoreError('store_unavailable', 'the log is away')
        : undefined;
      return { positions, error };
    },
    health: async () => {},
    close: async () => {},
  };
  return { changeLog, records };
}

/** A log that keeps its lines. */
export function createFakeLines(): Log & { readonly lines: readonly (readonly [string, string, unknown])[] } {
  const lines: (readonly [string, string, unknown])[] = [];
  const keep = (level: string) => (message: string, fields: Readonly<Record<string, unknown>>) => {
    lines.push([level, message, fields]);
  };
  return { lines, info: keep('info'), warn: keep('warn'), error: keep('error') };
}

/** Metrics that are kept, in order. */
export function createFakeMetrics(): Metrics & {
  readonly told: readonly (MeasuredView & Readonly<Record<string, number | string>>)[];
} {
  const told: (MeasuredView & Record<string, number | string>)[] = [];
  return {
    told,
    add: (of, values) => void told.push({ ...of, ...values }),
  };
}

/** Dead letters in memory: the same letter again is one letter. */
export function createFakeDeadLetters(): DeadLetters & { readonly letters: ReadonlyMap<string, DeadLetter> } {
  const letters = new Map<string, DeadLetter>();
  return {
    letters,
    put: async (put) => {
      for (const letter of put) {
        const { topic, partition, offset } = letter.record;
        letters.set(
          `${letter.scope} ${letter.key ?? ''} ${letter.version ?? `${topic}/${partition}/${offset}`}`,
          letter,
        );
      }
    },
    supersede: async (scope, applied) => {
      for (const { key, version } of applied)
        for (const [name, letter] of letters)
          if (letter.scope === scope && letter.key === key && (letter.version ?? '~') <= version)
            letters.delete(name);
    },
  };
}

/** Tombstones that are only noted; what `refuses` picks is not taken. */
export function createFakeTombstones(
  refuses: (item: RemovedItem) => boolean = () => false,
): Tombstones & { readonly items: readonly RemovedItem[] } {
  const items: RemovedItem[] = [];
  return {
    items,
    put: async (removed) =>
      removed.map((item) => {
        if (refuses(item)) return false;
        items.push(item);
        return true;
      }),
  };
}

/** Records as Lambda's Kafka trigger hands them over. */
export function toLogEvent(records: readonly LoggedRecord[]): LogEvent {
  const batches: Record<string, LogEvent['records'][string][number][]> = {};
  for (const record of records) {
    const batch = `${record.topic}-${record.partition}`;
    batches[batch] ??= [];
    batches[batch].push({
      topic: record.topic,
      partition: record.partition,
      offset: Number(record.offset),
      timestamp: record.timestampMs,
      key: record.key === undefined ? null : Buffer.from(record.key).toString('base64'),
      value: record.value === undefined ? null : Buffer.from(record.value).toString('base64'),
      headers: Object.entries(record.headers).map(([name, value]) => ({ [name]: [...Buffer.from(value)] })),
    });
  }
  return { records: batches };
}
