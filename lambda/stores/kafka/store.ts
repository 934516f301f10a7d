import { coalesce, type Row } from '../../change/change.ts';
import { encodeChange, maxRecordBytes, recordBytes } from '../../change/encode.ts';
import { PolystoreError } from '../../errors.ts';
import { inParallel } from '../in-parallel.ts';
import { notFiltered, notHeld, placementName, rowId } from '../placement.ts';
import type { Clock, Placement, Store } from '../store.ts';
import type { SourceStore } from '../view-store.ts';
import { type ChangeLogOptions, createChangeLog } from './client.ts';
import { sizeOf } from './decode.ts';
import { mapKafkaError } from './errors.ts';
import type { History } from './history.ts';
import { readOn } from './log-pages.ts';
import { type LatestChange, planLookups, takeRecord } from './read.ts';
import { beginReading, withPartition } from './reading.ts';
import { createTopicRecords, type FetchedRecord, type Offsets, type TopicRecords } from './topic-records.ts';
import { createLogTruth, type LookedUp } from './truth.ts';

export interface KafkaStoreOptions extends ChangeLogOptions {
  readonly clock: Clock;
  /** A read that would go through more records than this is `scan_refused`. @default 2000000 */
  readonly maxRecords?: number;
  /**
   * Where the truth lies that the log has forgotten. Needed where the model has an archive and its truth is asked for.
   * @default - none
   */
  readonly history?: History;
  /** Keys of one partition that a digest holds in memory at once; of more it is made in parts. @default 1000000 */
  readonly maxKeys?: number;
}

/** The log as a store, and as the source of the entities that are posted to it. */
export interface KafkaStore extends Store, SourceStore {
  /** Of each partition of a topic: the offset that its next record will have. */
  endOffsets(topic: string): Promise<Offsets>;
  /** Of each partition of a topic: its oldest record, or the one that comes next. */
  earliestOffsets(topic: string): Promise<Offsets>;
}

/** Partitions that one read goes through at the same time. */
const partitionsAtOnce = 6;

/**
 * The change log as a store of the entities whose source it is: a change is appended, and a key is looked
 * up by going through all records of its partition. For whoever compares or rebuilds, not for queries.
 */
export function createKafkaStore(options: KafkaStoreOptions): KafkaStore {
  const { clock, maxRecords = 2_000_000, maxKeys = 1_000_000, history } = options;
  const changeLog = createChangeLog(options);
  const topics = new Map<string, TopicRecords>();
  let closed = false;
  const recordsOf = (topic: string): TopicRecords => {
    const records = topics.get(topic) ?? createTopicRecords({ ...options, topic });
    topics.set(topic, records);
    return records;
  };

  const run = async <T>(doing: string, work: () => Promise<T>): Promise<T> => {
    if (closed) throw unavailable();
    try {
      return await work();
    } catch (error) {
      throw mapKafkaError(error, doing);
    }
  };
  const offsets = (topic: string, at: 'earliest' | 'latest'): Promise<Offsets> =>
    run(`telling the offsets of ${topic}`, () => recordsOf(topic).offsets(at));

  /** The last change of each of these keys, up to what the log holds at the time of the call. */
  const lookUp = (placement: Placement, keys: readonly Row[]): Promise<LookedUp> => {
    requireLog(placement);
    const { topic } = placement.entity;
    return run(`reading ${topic}`, async () => {
      const latest = new Map<string, LatestChange>();
      const unreadable: LookedUp['unreadable'][number][] = [];
      let bytes = 0;
      const reading = beginReading(
        ...(await Promise.all([recordsOf(topic).offsets('earliest'), recordsOf(topic).offsets('latest')])),
      );
      const lookups = new Map(
        planLookups(placement, keys, reading.partitions.length).map((lookup) => [lookup.partition, lookup]),
      );
      const work = reading.partitions.filter(({ partition }) => lookups.has(partition));
      const records = work.reduce((sum, { next, end }) => sum + Number(end - next), 0);
      if (records > maxRecords) throw tooMany(placement, records, maxRecords);
      const read = await inParallel(work, partitionsAtOnce, async (partition) => {
        const lookup = lookups.get(partition.partition);
        const take = (record: FetchedRecord): void => {
          bytes += sizeOf(record);
          const dark = lookup && takeRecord(placement, lookup, record, latest);
          if (dark !== undefined) unreadable.push(dark);
        };
        return (await readOn(recordsOf(topic), partition, { limit: Number.POSITIVE_INFINITY, take }))
          .partition;
      });
      const partitions = read.reduce(withPartition, reading).partitions;
      return { latest, unreadable, partitions, bytes };
    });
  };
  const truth = createLogTruth({
    topicOf: ({ entity }) => recordsOf(entity.topic),
    lookUp,
    history,
    maxKeys,
    clock,
  });

  return {
    name: 'kafka',
    capabilities: {
      sql: false,
      writesSources: false,
      filters: false,
      matches: false,
      pages: false,
      aggregates: false,
      countsStale: false,
      orderedSlices: false,
      keepsVersions: true,
      maxBatch: 1000,
      readYourWrites: 'always',
      underPartition:
        'A partition whose leader cannot reach enough of its in-sync replicas takes no writes; what was acknowledged is on all of them.',
    },
    connect: async () => {
      if (closed) throw unavailable();
    },
    apply: async (placement, changes) => {
      requireLog(placement);
      const { entity } = placement;
      const encoded = coalesce(changes).map((change) => {
        const record = encodeChange(entity, change, clock());
        return { change, record, bytes: recordBytes(record) };
      });
      const rejected = encoded
        .filter(({ bytes }) => bytes > maxRecordBytes)
        .map(({ change, bytes }) => ({
          change,
          reason: `a record of ${bytes} bytes; the change log takes ${maxRecordBytes}`,
        }));
      const taken = encoded.filter(({ bytes }) => bytes <= maxRecordBytes);
      const { error } = await changeLog.append(taken.map(({ record }) => record));
      if (error !== undefined) throw error;
      return { applied: changes.length - rejected.length, stale: 0, rejected };
    },
    read: async (fragment) => {
      const { placement } = fragment;
      if (fragment.kind === 'filter') throw notFiltered('The Kafka store', placement);
      if (fragment.kind === 'slice') throw notHeld('The Kafka store', placement, 'read a slice of');
      const { latest } = await lookUp(placement, fragment.keys);
      return [...latest.values()].flatMap(({ version, row }) =>
        row === undefined ? [] : [{ row, version }],
      );
    },
    versions: async (placement, keys) => {
      const { latest } = await lookUp(placement, keys);
      return keys.map((key) => latest.get(rowId(placement, key))?.version);
    },
    readTruth: (request) => {
      requireLog(request.placement);
      return run(`reading ${request.placement.entity.topic}`, () => truth.readTruth(request));
    },
    digestTruth: (request) => {
      const { entity } = request.placement;
      requireLog({ entity, target: entity.source });
      return run(`reading ${entity.topic}`, () => truth.digestTruth(request));
    },
    endOffsets: (topic) => offsets(topic, 'latest'),
    earliestOffsets: (topic) => offsets(topic, 'earliest'),
    health: async () => {
      if (closed) throw unavailable();
      await changeLog.health();
    },
    close: async () => {
      closed = true;
      await changeLog.close();
      await Promise.all([...topics.values()].map((records) => records.close()));
    },
  };
}

function requireLog(placement: Placement): void {
  if (placement.target.kind !== 'kafka.source') throw notHeld('The Kafka store', placement, 'hold');
}

const unavailable = (): PolystoreError =>
  new PolystoreError('store_unavailable', 'The Kafka store was closed in this process. Make another one.');

const tooMany = (placement: Placement, records: number, maxRecords: number): PolystoreError =>
  new PolystoreError(
    'scan_refused',
    `To look those keys up in ${placementName(placement)} ${records} records of its topic would be read; ${maxRecords} are allowed. Ask a view, which is found by key.`,
    { details: { records, maxRecords } },
  );
