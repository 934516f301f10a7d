import { rm } from 'node:fs/promises';
import type { Row } from '../../change/change.ts';
import { PolystoreError } from '../../errors.ts';
import { termValue } from '../../model/index.ts';
import { inParallel } from '../in-parallel.ts';
import { heldColumns, placementName, rowId } from '../placement.ts';
import type { AggregateStore, ApplyResult, Clock, Placement, VersionedRow } from '../store.ts';
import type { ViewStore } from '../view-store.ts';
import { groupsOf, planAggregate, renderAggregate } from './aggregate.ts';
import { type CompactionLimits, compactionLimits } from './compact.ts';
import { type Compactor, createCompactor } from './compactor.ts';
import { type DayRange, daysOf } from './days.ts';
import { type Duckdb, openDuckdb } from './duckdb.ts';
import { createEmptyFiles, type EmptyFiles } from './empty-files.ts';
import { type FileLimits, withFiles } from './files.ts';
import { createLeases } from './leases.ts';
import type { ObjectStore } from './objects.ts';
import { onlyBuild } from './only-build.ts';
import type { Statement } from './parameters.ts';
import { type ArchiveProgress, createArchiveProgress } from './progress.ts';
import {
  planFilter,
  planSlice,
  type RowsPlan,
  refuseWords,
  renderKeys,
  renderRows,
  rowsOf,
  versionsOf,
} from './read.ts';
import { createRepair } from './repairer.ts';
import { createScanner, type Scanner } from './scanner.ts';
import { dayColumn } from './schema.ts';
import { createSweep, type Sweep } from './sweeper.ts';
import { createTombstoneNotes } from './tombstones.ts';
import { type FilePlan, planWrite } from './write.ts';

/** What one read may take. */
export interface ReadLimits extends FileLimits {
  /** More rows than this is `result_too_large`. */
  readonly maxRows: number;
  /** Longer than this is `deadline_exceeded`. */
  readonly timeoutMs: number;
}
const readLimits: ReadLimits = {
  maxFiles: 4_000,
  // What a function of Lambda has room for: its temporary folder holds 512 MB.
  maxBytes: 256_000_000,
  maxRows: 50_000,
  timeoutMs: 25_000,
};

export interface ArchiveStoreOptions {
  readonly objects: ObjectStore;
  readonly clock: Clock;
  /** What DuckDB may take of this process's memory, in MB. @default 400 */
  readonly memoryMb?: number;
  /** @default 2 */
  readonly threads?: number;
  readonly limits?: Partial<ReadLimits>;
  readonly compaction?: CompactionLimits;
  /** Told when files could not be merged. They stay as they are, so nothing is lost but speed. */
  readonly onTrouble: (message: string, error: PolystoreError) => void;
}

export interface ArchiveStore extends AggregateStore, ViewStore {
  /** Merges the files of every day of a view that has too many. Returns how many days those were. */
  compact(placement: Placement): Promise<number>;
}

/** Views as Parquet files by day, in a folder or on S3, written and read through DuckDB. */
export function createArchiveStore(options: ArchiveStoreOptions): ArchiveStore {
  const { objects, clock, memoryMb = 400, threads = 2, compaction = compactionLimits, onTrouble } = options;
  const limits: ReadLimits = { ...readLimits, ...options.limits };
  let opening: Promise<Opened> | undefined;
  let closed = false;
  const opened = (): Promise<Opened> => {
    if (closed)
      return Promise.reject(
        new PolystoreError('store_unavailable', 'The archive store was closed. Make another one.'),
      );
    opening ??= open().catch((error: unknown) => {
      opening = undefined;
      throw error;
    });
    return opening;
  };
  const open = async (): Promise<Opened> => {
    await objects.check();
    const { scratch, folders } = objects;
    const duckdb = await openDuckdb({ scratch, folders, memoryMb, threads });
    const emptyFile = createEmptyFiles(duckdb);
    const compactor = createCompactor({ objects, duckdb, emptyFile, limits: compaction, clock });
    const tombstones = createTombstoneNotes(objects.notes);
    const parts = { objects, duckdb, emptyFile, tombstones, limits, clock };
    const putFile = async (placement: Placement, plan: FilePlan): Promise<void> => {
      const file = await duckdb.write(placement, plan.rows, clock());
      try {
        await objects.put(plan.name, file);
      } finally {
        await rm(file, { force: true });
      }
      await tombstones.note(placement, plan, clock());
    };
    return {
      duckdb,
      emptyFile,
      compactor,
      putFile,
      scanner: createScanner(parts),
      repair: createRepair({
        ...parts,
        putFile,
        holdDay: createLeases(objects.notes, clock),
        timeoutMs: limits.timeoutMs,
      }),
      sweep: createSweep({ ...parts, compactor }),
      progress: createArchiveProgress(objects.notes),
    };
  };

  const readDays = async <T>(
    placement: Placement,
    days: readonly DayRange[],
    render: (files: readonly string[]) => Statement,
    decode: (answer: Awaited<ReturnType<Duckdb['read']>>) => T,
  ): Promise<T> => {
    const { duckdb, emptyFile } = await opened();
    return withFiles(objects, { placement, days, limits }, async (files) =>
      decode(await duckdb.read(render([await emptyFile(placement), ...files]), limits.timeoutMs)),
    );
  };
  const readRows = async (plan: RowsPlan): Promise<readonly VersionedRow[]> => {
    const { placement } = plan;
    const rows = await readDays(
      placement,
      [plan.days],
      (files) => renderRows(plan, files, limits.maxRows),
      (answer) => rowsOf(plan.columns, answer),
    );
    if (rows.length > limits.maxRows) throw tooMany(placement, 'rows', limits.maxRows);
    return rows;
  };

  return {
    name: 'archive',
    capabilities: {
      sql: false,
      writesSources: false,
      filters: true,
      matches: false,
      pages: false,
      aggregates: true,
      countsStale: false,
      orderedSlices: true,
      keepsVersions: true,
      maxBatch: 10_000,
      readYourWrites: 'always',
      underPartition:
        'S3 is one service: whoever cannot reach it neither reads nor writes, and what was acknowledged stays; a folder has one machine.',
    },
    connect: async () => {
      await opened();
    },
    apply: async (placement, changes) => {
      const { compactor, putFile } = await opened();
      const { files, rejected } = planWrite(placement, changes);
      await inParallel(files, 4, (file) => putFile(placement, file));
      // The batch is safe by now, so what follows does not fail it.
      await compactor
        .compactDays(
          placement,
          files.map(({ day }) => day),
        )
        .catch((error: unknown) => {
          if (!(error instanceof PolystoreError)) throw error;
          onTrouble(`The files of ${placementName(placement)} were not merged.`, error);
        });
      const result: ApplyResult = { applied: changes.length - rejected.length, stale: 0, rejected };
      return result;
    },
    read: async (fragment) => {
      switch (fragment.kind) {
        case 'keys': {
          const { placement, keys } = fragment;
          return readDays(
            placement,
            daysOfKeys(placement, keys),
            (files) => renderKeys(placement, keys, files, 'without tombstones'),
            (answer) => rowsOf(heldColumns(placement), answer),
          );
        }
        case 'slice':
          return readRows(planSlice(fragment));
        case 'filter':
          return readRows(planFilter(fragment));
      }
    },
    aggregate: async (fragment) => {
      const { placement, where, maxGroups } = fragment;
      refuseWords(fragment);
      const plan = planAggregate(fragment);
      const groups = await readDays(
        placement,
        [daysOf(dayColumn(placement).name, where)],
        (files) => renderAggregate(fragment, plan, files),
        (answer) => groupsOf(plan, answer),
      );
      if (groups.length > maxGroups) throw tooMany(placement, 'groups', maxGroups);
      return groups;
    },
    versions: async (placement, keys) => {
      const found = await readDays(
        placement,
        daysOfKeys(placement, keys),
        (files) => renderKeys(placement, keys, files, 'with tombstones'),
        (answer) => versionsOf(placement, answer),
      );
      const held = new Map(found.map(({ key, version }) => [rowId(placement, key), version]));
      return keys.map((key) => held.get(rowId(placement, key)));
    },
    scan: async (request) => (await opened()).scanner.scan(request),
    digest: async (request) => (await opened()).scanner.digest(request),
    repair: async (placement, repairs) => (await opened()).repair(placement, repairs),
    saveProgress: async (spans) => (await opened()).progress.save(spans),
    readProgress: async (placements) => (await opened()).progress.read(placements),
    sweep: async (placement) => (await opened()).sweep(placement),
    ...onlyBuild,
    health: async () => {
      await opened();
      await objects.check();
    },
    close: async () => {
      closed = true;
      const held = await opening?.catch(() => undefined);
      held?.duckdb.close();
      await objects.close();
    },
    compact: async (placement) => {
      const { compactor } = await opened();
      return compactor.compactAll(placement);
    },
  };
}

interface Opened {
  readonly duckdb: Duckdb;
  readonly emptyFile: EmptyFiles;
  readonly compactor: Compactor;
  readonly putFile: (placement: Placement, plan: FilePlan) => Promise<void>;
  readonly scanner: Scanner;
  readonly repair: ViewStore['repair'];
  readonly sweep: Sweep;
  readonly progress: ArchiveProgress;
}

/** @throws `not_supported` when a key does not say the day of its row. */
function daysOfKeys(placement: Placement, keys: readonly Row[]): readonly DayRange[] {
  const { name } = dayColumn(placement);
  const days = new Set(
    keys.map((key) => {
      const at = key[name] ?? null;
      if (at !== null) return termValue('day', at);
      throw new PolystoreError(
        'not_supported',
        `${placementName(placement)} places rows by the day of ${name}; ${JSON.stringify(key)} does not say it`,
      );
    }),
  );
  return [...days].map((day) => ({ from: day, to: day }));
}

const tooMany = (placement: Placement, what: 'rows' | 'groups', limit: number): PolystoreError =>
  new PolystoreError(
    'result_too_large',
    `The answer from ${placementName(placement)} has more than ${limit} ${what}. Ask for fewer days, or for totals.`,
  );
