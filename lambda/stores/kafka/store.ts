import { coalesce, type Row } from '../../change/change.ts';
import { encodeChange, maxRecordBytes, recordBytes } from '../../change/encode.ts';
import { PolystoreError } from '../../errors.ts';
import { inParallel } from '../in-parallel.ts';
import { notFiltered, notHeld, placementName, rowId } from '../placement.ts';
import type { Clock, Placement, Store } from '../store.ts';
import { type ChangeLogOptions, createChangeLog } from './client.ts';
import { mapKafkaError } from './errors.ts';
import { type LatestChange, type PartitionLookup, planLookups, takeRecord } from './read.ts';
import { createTopicRecords, type TopicRecords } from './topic-records.ts';

export interface KafkaStoreOptions extends ChangeLogOptions {
  readonly clock: Clock;
  /** A read that would go through more records than this is `scan_refused`. @default 2000000 */
  readonly maxRecords?: number;
}

/** Partitions that one read goes through at the same time. */
const partitionsAtOnce = 6;

/**
 * The change log as a store of the entities whose source it is: a change is appended, and a key is looked
 * up by going through all records of its partition. For whoever compares or rebuilds, not for queries.
 */
export function createKafkaStore(options: KafkaStoreOptions): Store {
  const { clock, maxRecords = 2_000_000 } = options;
  const changeLog = createChangeLog(options);
  const topics = new Map<string, TopicRecords>();
  let closed = false;
  const recordsOf = ({ entity: { topic } }: Placement): TopicRecords => {
    const records = topics.get(topic) ?? createTopicRecords({ ...options, topic });
    topics.set(topic, records);
    return records;
  };

  const readPartition = async (
    placement: Placement,
    lookup: PartitionLookup,
    { from, to }: { readonly from: bigint; readonly to: bigint },
    latest: Map<string, LatestChange>,
  ): Promise<void> => {
    let next = from;
    while (next < to) {
      const fetched = await recordsOf(placement).read(lookup.partition, next);
      if (fetched.kind === 'out of range') {
        // Retention has deleted the oldest records meanwhile.
        const earliest = (await recordsOf(placement).offsets('earliest')).get(lookup.partition) ?? to;
        next = earliest > next ? earliest : to;
        continue;
      }
      for (const record of fetched.records) takeRecord(placement, lookup, record, latest);
      next = fetched.next;
    }
  };
  /** The last change of each of these keys, by row id, up to what the log holds at the time of the call. */
  const lookUp = async (
    placement: Placement,
    keys: readonly Row[],
  ): Promise<ReadonlyMap<string, LatestChange>> => {
    requireLog(placement);
    if (closed) throw unavailable();
    const latest = new Map<string, LatestChange>();
    try {
      const [earliest, ends] = await Promise.all([
        recordsOf(placement).offsets('earliest'),
        recordsOf(placement).offsets('latest'),
      ]);
      const work = planLookups(placement, keys, ends.size).map((lookup) => ({
        lookup,
        range: { from: earliest.get(lookup.partition) ?? 0n, to: ends.get(lookup.partition) ?? 0n },
      }));
      const records = work.reduce((sum, { range }) => sum + Number(range.to - range.from), 0);
      if (records > maxRecords) throw tooMany(placement, records, maxRecords);
      await inParallel(work, partitionsAtOnce, ({ lookup, range }) =>
        readPartition(placement, lookup, range, latest),
      );
      return latest;
    } catch (error) {
      throw mapKafkaError(error, `reading ${placement.entity.topic}`);
    }
  };

  return {
    name: 'kafka',
    capabilities: {
      sql: false,
      writesSources: false,
      filters: false,
      matches: false,
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
      const latest = await lookUp(placement, fragment.keys);
      return [...latest.values()].flatMap(({ version, row }) =>
        row === undefined ? [] : [{ row, version }],
      );
    },
    versions: async (placement, keys) => {
      const latest = await lookUp(placement, keys);
      return keys.map((key) => latest.get(rowId(placement, key))?.version);
    },
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
