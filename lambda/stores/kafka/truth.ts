import type { Change, Key } from '../../change/change.ts';
import { keyOf } from '../../change/encode.ts';
import { PolystoreError } from '../../errors.ts';
import type { CatalogEntity } from '../../model/index.ts';
import { digestRows } from '../digest.ts';
import { isShown, rowId } from '../placement.ts';
import { bucketOf } from '../row-hash.ts';
import type { Clock, Placement } from '../store.ts';
import type {
  Buckets,
  DigestPage,
  DigestRequest,
  HeldRow,
  SourceStore,
  Truth,
  Unreadable,
} from '../view-store.ts';
import { readRecord, sizeOf } from './decode.ts';
import { findInHistory } from './find-in-history.ts';
import { type History, historyOf, holeError, holesIn, isHistory } from './history.ts';
import { createLatestRows } from './latest-rows.ts';
import { readOn } from './log-pages.ts';
import { type LatestChange, recordKey } from './read.ts';
import {
  beginReading,
  openPartition,
  type PartitionReading,
  parseReading,
  type Reading,
  renderReading,
  unreadSpans,
  withPartition,
} from './reading.ts';
import type { TopicRecords } from './topic-records.ts';

export interface LogTruthOptions {
  readonly topicOf: (placement: Placement) => TopicRecords;
  /** Goes through the partitions of some keys. */
  readonly lookUp: (placement: Placement, keys: readonly Key[]) => Promise<LookedUp>;
  /** What the log has forgotten; undefined where the model has no archive, or nobody reads it. */
  readonly history: History | undefined;
  /** Keys of a digest that are in memory at once. */
  readonly maxKeys: number;
  readonly clock: Clock;
}

/** What the log says of some keys. */
export interface LookedUp {
  /** By row id. */
  readonly latest: ReadonlyMap<string, LatestChange>;
  /** With the text of the record's key. */
  readonly unreadable: readonly (Unreadable & { readonly key: string })[];
  /** Every partition, and what was read of it. */
  readonly partitions: readonly PartitionReading[];
  readonly bytes: number;
}

/** The truth of entities whose source is the log: what it holds and, below that, the archive, as one. */
export function createLogTruth(options: LogTruthOptions): SourceStore {
  const { topicOf, lookUp, history, maxKeys, clock } = options;

  const holesOf = async (entity: CatalogEntity, partitions: readonly PartitionReading[]) => {
    const view = historyOf(entity);
    if (view === undefined) return holesIn(partitions, [], entity.topic);
    if (history === undefined) throw noHistory(entity);
    return holesIn(partitions, await history.readProgress([view]), entity.topic);
  };
  /** @throws `incomplete_source` by what the log has forgotten and the archive was not given. */
  const refuseHoles = async (entity: CatalogEntity, partitions: readonly PartitionReading[]) => {
    if (partitions.every((partition) => unreadSpans(partition).length === 0)) return;
    const holes = await holesOf(entity, partitions);
    if (holes.length > 0) throw holeError(entity, holes);
  };
  /** Begins, unless it is known already that there are holes. */
  const begin = async (placement: Placement, incomplete: 'refuse' | 'accept'): Promise<Reading> => {
    const topic = topicOf(placement);
    const [earliest, ends] = await Promise.all([topic.offsets('earliest'), topic.offsets('latest')]);
    const reading = beginReading(earliest, ends);
    if (incomplete === 'refuse') {
      const asIfRead = reading.partitions.map((each) => ({
        ...each,
        read: each.next < each.end ? [{ from: each.next, to: each.end }] : [],
      }));
      await refuseHoles(placement.entity, asIfRead);
    }
    return reading;
  };
  /** Where to go on: in the log, in the archive, or nowhere. */
  const following = async (
    entity: CatalogEntity,
    reading: Reading,
    incomplete: 'refuse' | 'accept',
  ): Promise<string | undefined> => {
    if (openPartition(reading) !== undefined) return renderReading(reading);
    if (incomplete === 'refuse') await refuseHoles(entity, reading.partitions);
    return needsHistory(entity, reading.partitions) ? renderReading(reading) : undefined;
  };
  const historyPage = async (
    entity: CatalogEntity,
    reading: Reading,
    { limit, buckets }: { readonly limit: number; readonly buckets: Buckets | undefined },
  ): Promise<{
    readonly rows: readonly HeldRow[];
    readonly next: string | undefined;
    readonly bytes: number;
  }> => {
    const placement = historyOf(entity);
    if (placement === undefined) return { rows: [], next: undefined, bytes: 0 };
    if (history === undefined) throw noHistory(entity);
    const page = await history.scan({
      placement,
      after: reading.archive ?? undefined,
      limit,
      ...(buckets !== undefined && { buckets }),
    });
    const ends = await topicOf({ entity, target: entity.source }).offsets('latest');
    const isTrue = isHistory(placement, reading.partitions, ends);
    return {
      rows: page.rows.filter(({ key, version }) => isTrue(key, version)),
      next: page.next === undefined ? undefined : renderReading({ ...reading, archive: page.next }),
      bytes: page.bytes,
    };
  };

  const readPage = async (
    placement: Placement,
    page: {
      readonly after: string | undefined;
      readonly limit: number;
      readonly buckets?: Buckets;
      readonly incomplete?: 'refuse' | 'accept';
    },
  ): Promise<Truth> => {
    const { entity } = placement;
    const { after, limit, buckets, incomplete = 'refuse' } = page;
    let reading = after === undefined ? await begin(placement, incomplete) : parseReading(after);
    if (openPartition(reading) === undefined) {
      const { rows, next, bytes } = needsHistory(entity, reading.partitions)
        ? await historyPage(entity, reading, { limit, buckets })
        : { rows: [], next: undefined, bytes: 0 };
      return truth({ changes: rows.map((row) => changeOf(entity, row)), unreadable: [], next, bytes });
    }
    const changes = new Map<string, Change>();
    const unreadable: Unreadable[] = [];
    let bytes = 0;
    let left = limit;
    for (let open = openPartition(reading); open !== undefined && left > 0; open = openPartition(reading)) {
      const { partition: number } = open;
      const read = await readOn(topicOf(placement), open, {
        limit: left,
        take: (record) => {
          bytes += sizeOf(record);
          const said = readRecord(entity, number, record);
          if (said.kind === 'unreadable') unreadable.push(said.unreadable);
          if (said.kind !== 'change') return;
          const id = rowId(placement, said.change.key);
          if (buckets !== undefined && !buckets.only.has(bucketOf(id, buckets.of))) return;
          const held = changes.get(id);
          if (held === undefined || said.change.version > held.version) changes.set(id, said.change);
        },
      });
      left -= read.records;
      reading = withPartition(reading, read.partition);
    }
    const next = await following(entity, reading, incomplete);
    return truth({ changes: [...changes.values()], unreadable, next, bytes });
  };

  const readKeys = async (placement: Placement, keys: readonly Key[]): Promise<Truth> => {
    const { entity } = placement;
    const { latest, unreadable, partitions, bytes } = await lookUp(placement, keys);
    const inLog = [...latest].map(([, change]) => changeOf(entity, change));
    const dark = new Set(unreadable.map(({ key }) => key));
    const missing = keys.filter(
      (key) => !latest.has(rowId(placement, key)) && !dark.has(recordKey(entity, key)),
    );
    const view = historyOf(entity);
    if (missing.length === 0 || !needsHistory(entity, partitions) || view === undefined) {
      const holes = missing.length === 0 ? [] : await holesOf(entity, partitions);
      // Of what lay in a hole nobody knows whether it was there.
      const absent = holes.length > 0 ? [] : missing.map((key) => keyOf(entity, key));
      return truth({ changes: inLog, absent, unreadable, next: undefined, bytes });
    }
    if (history === undefined) throw noHistory(entity);
    const found = await findInHistory(history, view, missing);
    const isTrue = isHistory(view, partitions, await topicOf(placement).offsets('latest'));
    const old = found.rows.filter(({ key, version }) => isTrue(key, version));
    const there = new Set(old.map(({ key }) => rowId(placement, key)));
    const holes = await holesOf(entity, partitions);
    const absent = missing
      .filter((key) => !there.has(rowId(placement, key)))
      .map((key) => keyOf(entity, key));
    return truth({
      changes: [...inLog, ...old.map((row) => changeOf(entity, row))],
      absent: holes.length > 0 ? [] : absent,
      unreadable,
      next: undefined,
      bytes: bytes + found.bytes,
    });
  };

  const digestPage = async (request: DigestRequest): Promise<DigestPage> => {
    const { placement: view, after, limit } = request;
    const { entity } = view;
    const source: Placement = { entity, target: entity.source };
    const reading = after === undefined ? await begin(source, 'refuse') : parseReading(after);
    const nowMs = clock();
    const open = openPartition(reading);
    if (open === undefined) {
      const page = needsHistory(entity, reading.partitions)
        ? await historyPage(entity, reading, { limit, buckets: undefined })
        : { rows: [], next: undefined, bytes: 0 };
      const shown = page.rows.flatMap(({ row, version }) =>
        row !== undefined && isShown(view, row, nowMs) ? [{ row, version }] : [],
      );
      return { digests: digestRows(request, shown), unreadable: [], next: page.next, bytes: page.bytes };
    }
    // Records of one key are in one partition, so a partition is what is told by its highest versions: in as many
    // parts as fit in memory, each by a reading of its own.
    const slices = sliceCount(open, maxKeys);
    const latest = createLatestRows(request, { slice: reading.slice, slices, nowMs });
    const unreadable: Unreadable[] = [];
    let bytes = 0;
    const read = await readOn(topicOf(source), open, {
      limit: Number.POSITIVE_INFINITY,
      take: (record) => {
        bytes += sizeOf(record);
        const said = readRecord(entity, open.partition, record);
        if (said.kind === 'unreadable' && reading.slice === 0) unreadable.push(said.unreadable);
        if (said.kind === 'change') latest.take(said.change);
      },
    });
    const isLast = reading.slice + 1 === slices;
    const further: Reading = isLast
      ? { ...withPartition(reading, read.partition), slice: 0 }
      : { ...reading, slice: reading.slice + 1 };
    return { digests: latest.digests(), unreadable, next: await following(entity, further, 'refuse'), bytes };
  };

  return {
    readTruth: ({ placement, of }) =>
      of.kind === 'keys' ? readKeys(placement, of.keys) : readPage(placement, of),
    digestTruth: digestPage,
  };
}

/** Whether the archive may hold what the log does not: not if the log was read from its very first record. */
const needsHistory = (entity: CatalogEntity, partitions: readonly PartitionReading[]): boolean =>
  historyOf(entity) !== undefined &&
  !partitions.every((partition) => partition.generation === 0 && unreadSpans(partition).length === 0);

const changeOf = (
  { name: entity }: CatalogEntity,
  { key, version, row }: Pick<HeldRow, 'key' | 'version' | 'row'>,
): Change =>
  row === undefined
    ? { kind: 'delete', entity, key, version }
    : { kind: 'upsert', entity, key, version, row };

const truth = (
  parts: Pick<Truth, 'changes' | 'next' | 'bytes'> & {
    readonly absent?: readonly Key[];
    readonly unreadable: readonly Unreadable[];
  },
): Truth => ({ absent: [], floor: undefined, ...parts });

/** A power of two, as buckets are. */
function sliceCount({ next, end }: PartitionReading, maxKeys: number): number {
  let slices = 1;
  while (Number(end - next) > slices * maxKeys) slices *= 2;
  return slices;
}

const noHistory = (entity: CatalogEntity): PolystoreError =>
  new PolystoreError(
    'invalid_configuration',
    `The change log has forgotten records of ${entity.name}, which its archive holds, and this function has no connection to the archive. Give it the backend read-archive in lambda/model/functions.ts.`,
  );
