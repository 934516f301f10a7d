import type { LoggedRecord, LogRecord } from '../../lambda/change/envelope.ts';
import type { Appended, ChangeLog } from '../../lambda/stores/kafka/index.ts';
import { partitionOf } from '../../lambda/stores/kafka/partition.ts';
import type { DeployedCode } from './deployed-code.ts';
import type { Running, Scheduler } from './scheduler.ts';

const keepMs = 7 * 24 * 3_600_000;

type LogPosition = NonNullable<Appended['positions'][number]>;

/** Topics in partitions, as Kafka keeps them: offsets count up, old records are forgotten. */
export interface SimulatedLog {
  partitionsOf(topic: string): number;
  /** From here on keys move: the log of one key continues in another partition. */
  addPartition(topic: string): void;
  /** The port, as a process sees it. */
  open(running: Running): ChangeLog;
  /** At most `limit` records from an offset on. */
  read(topic: string, partition: number, from: bigint, limit: number): readonly LoggedRecord[];
  startOf(topic: string, partition: number): bigint;
  endOf(topic: string, partition: number): bigint;
  /** All records that ever were, those that the log forgot (the archive has them) included. */
  everything(topic: string): readonly LoggedRecord[];
}

interface Partition {
  readonly records: LoggedRecord[];
  start: number;
}

export function createSimulatedLog(
  scheduler: Scheduler,
  code: DeployedCode,
  topics: readonly { readonly topic: string; readonly partitions: number }[],
): SimulatedLog {
  const logs = new Map<string, Partition[]>(
    topics.map(({ topic, partitions }) => [
      topic,
      Array.from({ length: partitions }, () => ({ records: [], start: 0 })),
    ]),
  );
  const of = (topic: string): Partition[] => {
    const found = logs.get(topic);
    if (found === undefined) throw new RangeError(`no topic ${topic}`);
    return found;
  };
  const at = (topic: string, partition: number): Partition => {
    const found = of(topic)[partition];
    if (found === undefined) throw new RangeError(`${topic} has no partition ${partition}`);
    while ((found.records[found.start]?.timestampMs ?? Infinity) + keepMs <= scheduler.now())
      found.start += 1;
    return found;
  };
  const unavailable = () =>
    new code.errors.PolystoreError('store_unavailable', 'the log did not answer in time');

  const write = (record: LogRecord, partition: number): LogPosition => {
    const { records } = at(record.topic, partition);
    const offset = BigInt(records.length);
    const bytes = { key: Buffer.from(record.key), value: Buffer.from(record.value) };
    const timestampMs = scheduler.now();
    records.push({ topic: record.topic, partition, offset, timestampMs, headers: record.headers, ...bytes });
    return { topic: record.topic, partition, offset };
  };

  return {
    partitionsOf: (topic) => of(topic).length,
    addPartition: (topic) => {
      of(topic).push({ records: [], start: 0 });
    },
    read: (topic, partition, from, limit) =>
      at(topic, partition).records.slice(Number(from), Number(from) + limit),
    startOf: (topic, partition) => BigInt(at(topic, partition).start),
    endOf: (topic, partition) => BigInt(at(topic, partition).records.length),
    everything: (topic) => of(topic).flatMap(({ records }) => records),
    open: (running) => ({
      append: async (records): Promise<Appended> => {
        const positions: (LogPosition | undefined)[] = records.map(() => undefined);
        const parts = new Map<string, { readonly partition: number; readonly indexes: number[] }>();
        for (const [index, { topic, key }] of records.entries()) {
          const partition = partitionOf(Buffer.from(key), of(topic).length);
          const part = parts.get(`${topic}/${partition}`) ?? { partition, indexes: [] };
          parts.set(`${topic}/${partition}`, part);
          part.indexes.push(index);
        }
        // A producer sends to all partitions at once, and each answers for itself.
        const outcomes = await Promise.allSettled(
          [...parts].map(async ([name, { partition, indexes }]) => {
            const written = await scheduler.step(running.process, {
              label: `appends ${indexes.length} to ${name}`,
              failure: unavailable,
              effect: () =>
                indexes.map((index) => {
                  const record = records[index];
                  if (record === undefined) throw new RangeError(`no record ${index}`);
                  return write(record, partition);
                }),
            });
            for (const [at, index] of indexes.entries()) positions[index] = written[at];
          }),
        );
        const failed = outcomes.some(({ status }) => status === 'rejected');
        return { positions, error: failed ? unavailable() : undefined };
      },
      health: async () => {},
      close: async () => {},
    }),
  };
}
