import { PolystoreError } from '../../errors.ts';
import { aggregateRows } from '../aggregate-rows.ts';
import { parted } from '../parted.ts';
import type {
  AggregateStore,
  ApplyResult,
  Clock,
  Fragment,
  PagedStore,
  Placement,
  SourceWriter,
  TopStore,
  VersionedRow,
} from '../store.ts';
import type { SourceStore, ViewStore } from '../view-store.ts';
import { createBuilds } from './builds.ts';
import { createProgress } from './progress.ts';
import { heldOf, readFilter, readKeys, readSlice, readTop, select } from './read.ts';
import type { Rows } from './rows.ts';
import { digestPage, scanRows, sweepRows } from './scan.ts';
import { readTruth } from './truth.ts';
import { applyChanges, repairRows } from './write.ts';
import { createWriter } from './writer.ts';

/** Rows of a page: few, so that tests have several. */
const pageRows = 7;

export interface MemoryStore extends AggregateStore, PagedStore, TopStore, ViewStore, SourceStore {
  /** Writes to the source of an entity, with versions of generation 0 as the DynamoDB store makes them. */
  readonly writer: SourceWriter;
}

/**
 * Every placement, in this process: the reference that other stores are compared with. Rows are gone
 * when the store is closed.
 */
export function createMemoryStore({ clock }: { readonly clock: Clock }): MemoryStore {
  const builds = createBuilds();
  const progress = createProgress(builds.list);
  let isOpen = true;
  const requireOpen = (): void => {
    if (!isOpen)
      throw new PolystoreError('store_unavailable', 'The memory store was closed. Make another one.');
  };
  const rowsOf = (placement: Placement): Rows => {
    requireOpen();
    return builds.rowsOf(placement);
  };

  const find = (fragment: Fragment): readonly VersionedRow[] => {
    const rows = rowsOf(fragment.placement);
    switch (fragment.kind) {
      case 'keys':
        return readKeys(fragment, rows, clock());
      case 'slice':
        return readSlice(fragment, rows, clock());
      case 'filter':
        return readFilter(fragment, rows, clock());
    }
  };

  return {
    name: 'memory',
    capabilities: {
      sql: false,
      writesSources: true,
      filters: true,
      matches: false,
      pages: true,
      aggregates: true,
      countsStale: true,
      orderedSlices: true,
      keepsVersions: true,
      maxBatch: 1000,
      readYourWrites: 'always',
      underPartition: 'It has one node, in this process; nothing can part it.',
    },
    connect: async () => {},
    apply: async (placement, changes) => {
      requireOpen();
      const results = builds
        .written(placement)
        .map((rows) => applyChanges(rows, placement, { changes, now: clock() }));
      // What readers see is the first, the active one; `written` always has one.
      return results[0] as ApplyResult;
    },
    read: async (fragment) => {
      // Nothing of how a row is held is told.
      return find(fragment).map(({ row, version }) => ({ row, version }));
    },
    pages: async function* (fragment) {
      for (const page of parted(find(fragment), pageRows))
        yield page.map(({ row, version }) => ({ row, version }));
    },
    aggregate: async (fragment) =>
      aggregateRows(fragment, select(fragment, rowsOf(fragment.placement), clock())),
    top: async (fragment) => readTop(fragment, rowsOf(fragment.placement), clock()),
    versions: async (placement, keys) => {
      const rows = rowsOf(placement);
      return keys.map((key) => heldOf(placement, key, rows)[0]?.version);
    },
    scan: async (request) => scanRows(request, rowsOf(request.placement)),
    digest: async (request) => digestPage(request, rowsOf(request.placement), clock()),
    digestTruth: async (request) => {
      const { entity } = request.placement;
      return digestPage(request, rowsOf({ entity, target: entity.source }), clock());
    },
    readTruth: async (request) => readTruth(request, rowsOf(request.placement)),
    repair: async (placement, repairs) => repairRows(rowsOf(placement), placement, { repairs, now: clock() }),
    saveProgress: async (spans) => {
      requireOpen();
      return progress.save(spans);
    },
    readProgress: async (placements) => progress.read(placements),
    sweep: async (placement) => ({ swept: sweepRows(rowsOf(placement), placement, clock()), more: false }),
    builds: async (placement) => builds.list(placement),
    beginBuild: async (placement) => builds.begin(placement),
    activateBuild: async (placement) => builds.activate(placement),
    dropBuild: async (placement) => builds.drop(placement),
    buildDelayMs: 0,
    health: async () => requireOpen(),
    close: async () => {
      isOpen = false;
      builds.clear();
    },
    writer: createWriter(rowsOf, clock),
  };
}
