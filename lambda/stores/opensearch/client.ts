import { setTimeout as sleep } from 'node:timers/promises';
import type { Change } from '../../change/change.ts';
import { PolystoreError } from '../../errors.ts';
import { createAdaptiveGate } from '../adaptive-gate.ts';
import { inParallel } from '../in-parallel.ts';
import { applyToBuilds } from '../placed-builds.ts';
import type {
  AggregateStore,
  ApplyResult,
  Clock,
  Fragment,
  PagedStore,
  Placement,
  TopStore,
  VersionedRow,
} from '../store.ts';
import type { ViewStore } from '../view-store.ts';
import { buildDelayMs, createBuildCatalog, type PlacedBuild, readBuilds } from './builds.ts';
import { sendBulk } from './bulk.ts';
import { createClient, type OpensearchConnection, requestsInFlight } from './connection.ts';
import { createDayKeeper } from './day-keeper.ts';
import { digestPage } from './digest.ts';
import { isOverloaded, opensearchError } from './errors.ts';
import { aggregateRows } from './groups.ts';
import { createLock } from './lock.ts';
import { lookUp, lookUpVersions } from './look-up.ts';
import { aliasOf, type Home, searchView } from './names.ts';
import { readProgress, saveProgress } from './progress.ts';
import { isAlive, planFilter, planSlice, rowsOfHits } from './read.ts';
import { activateBuild, beginBuild, dropBuild } from './rebuild.ts';
import { repairRows } from './repair.ts';
import { scanPage } from './scan.ts';
import { type Searcher, searchPages, searchRows } from './search.ts';
import { createState } from './state.ts';
import { sweepPage } from './sweep.ts';
import { topRows } from './tops.ts';
import { planWrite } from './write.ts';

export interface OpensearchStoreOptions extends OpensearchConnection {
  /** Name of the model: what all its indices start with. */
  readonly model: string;
  readonly clock: Clock;
  /**
   * Makes what an `apply` has written visible to searches before it returns. Costs a new segment for each call:
   * for tests. Default: false, searches see it within `refreshIntervalMs`.
   */
  readonly refresh?: boolean;
  /** Rows or groups of one answer of OpenSearch; more are read page by page. Default: 2000; at most 10,000. */
  readonly pageRows?: number;
  /** Default: `Math.random`. */
  readonly random?: () => number;
}

/** Views in OpenSearch: indices of rows, and logs with an index a day. */
export function createOpensearchStore(
  options: OpensearchStoreOptions,
): AggregateStore & PagedStore & TopStore & ViewStore {
  const { model, clock, refresh = false, pageRows = 2000, random = Math.random } = options;
  const client = createClient(options);
  const gate = () =>
    createAdaptiveGate({ ceiling: requestsInFlight, attempts: 8, isThrottled: isOverloaded, sleep, random });
  const writes = { client, gate: gate(), refresh };
  const searcher: Searcher = { client, gate: gate(), pageRows };
  const days = createDayKeeper({ client, clock });
  const state = createState(writes, model);
  // Clocks of tests stand still, and other processes' builds are heard of all the same.
  const builds = createBuildCatalog(state, model, () => performance.now());
  const rebuild = { client, state, model, sleep };
  let closed = false;
  const run = async <T>(work: () => Promise<T>): Promise<T> => {
    if (closed)
      throw new PolystoreError('store_unavailable', 'The OpenSearch store was closed. Make another one.');
    try {
      return await work();
    } catch (error) {
      throw opensearchError(error);
    }
  };

  const changing = <T>(placement: Placement, work: () => Promise<T>): Promise<T> =>
    run(work).finally(() => builds.forget(placement));
  const refreshAll = async (homes: readonly Home[]): Promise<void> => {
    const index = [...new Set(homes.map(({ all }) => all))];
    if (index.length > 0)
      await searcher.gate.run(() => client.indices.refresh({ index, ignore_unavailable: true }));
  };
  const applyTo = async (
    { placement, home }: PlacedBuild,
    changes: readonly Change[],
  ): Promise<ApplyResult> => {
    const { bulks, rejected } = planWrite({ home, placement, nowMs: clock() }, changes);
    const view = searchView(placement);
    if (bulks.length > 0) await days.requireTemplate(view, home);
    const results = await inParallel(bulks, requestsInFlight, (items) => sendBulk(writes, items));
    await days.drop(view, home);
    const applied = results.reduce((sum, result) => sum + result.applied, 0);
    const refused = [...rejected, ...results.flatMap((result) => result.rejected)];
    return { applied, stale: changes.length - applied - refused.length, rejected: refused };
  };

  return {
    name: 'opensearch',
    capabilities: {
      sql: false,
      writesSources: false,
      filters: true,
      matches: true,
      pages: true,
      aggregates: true,
      countsStale: true,
      orderedSlices: true,
      keepsVersions: true,
      maxBatch: 1000,
      readYourWrites: 'never',
      underPartition:
        'A shard takes writes only where most of the nodes that may lead can agree on its primary; a caller on the other side gets store_unavailable, and its searches may be older until the nodes meet again.',
    },
    connect: async () => {},
    apply: (placement, changes) =>
      run(async () => {
        const [result, ...beside] = await applyToBuilds(builds, placement, (build) =>
          applyTo(build, changes),
        );
        // Another build may have another mapping, and what it refuses must not be missing in silence.
        const known = new Set(result.rejected.map(({ change }) => change));
        const more = beside
          .flatMap((each) => each?.rejected ?? [])
          .filter(({ change }) => !known.has(change));
        return { ...result, rejected: [...result.rejected, ...more] };
      }),
    read: (fragment) =>
      run(async () => {
        const { home } = await builds.read(fragment.placement);
        return readRows(searcher, { home, nowMs: clock() }, fragment);
      }),
    pages: async function* (fragment) {
      const { home } = await run(() => builds.read(fragment.placement));
      const pages = searchPages(searcher, planFilter(home, fragment, clock()));
      try {
        for (;;) {
          const { done, value: hits = [] } = await run(() => pages.next());
          if (done === true) return;
          yield rowsOfHits(fragment, hits);
        }
      } finally {
        await run(() => pages.return());
      }
    },
    aggregate: (fragment) =>
      run(async () => {
        const { home } = await builds.read(fragment.placement);
        return aggregateRows(searcher, { home, nowMs: clock() }, fragment);
      }),
    top: (fragment) =>
      run(async () => {
        const { home } = await builds.read(fragment.placement);
        return topRows(searcher, { home, nowMs: clock() }, fragment);
      }),
    versions: (placement, keys) =>
      run(async () => {
        const { home } = await builds.read(placement);
        return lookUpVersions(searcher, { home, placement, keys });
      }),
    scan: (request) =>
      run(async () => {
        const { home } = await builds.read(request.placement);
        if (request.after === undefined) await refreshAll([home]);
        return scanPage(searcher, home, request);
      }),
    digest: (request) =>
      run(async () => {
        const { home } = await builds.read(request.placement);
        if (request.after === undefined) await refreshAll([home]);
        return digestPage(searcher, home, { ...request, nowMs: clock() });
      }),
    repair: (placement, repairs) =>
      run(async () => {
        const { home, name } = await builds.read(placement);
        await days.requireTemplate(searchView(placement), home);
        const lock = createLock({ state, name, clock, sleep });
        return repairRows({ sender: writes, home, placement, nowMs: clock(), lock, sleep }, repairs);
      }),
    saveProgress: (spans) =>
      run(async () => {
        const written = new Map<Placement, readonly PlacedBuild[]>();
        for (const { placement } of spans)
          if (!written.has(placement)) written.set(placement, await builds.written(placement));
        // Readers must see what they are told to be there.
        await refreshAll([...written.values()].flat().map(({ home }) => home));
        return { gaps: await saveProgress(state, spans, (placement) => written.get(placement) ?? []) };
      }),
    readProgress: (placements) =>
      run(async () => readProgress(state, await Promise.all(placements.map((each) => builds.read(each))))),
    sweep: (placement) =>
      run(async () => {
        const { home } = await builds.read(placement);
        return sweepPage(searcher, writes, { home, nowMs: clock() });
      }),
    builds: (placement) =>
      run(
        async () => (await readBuilds(state, aliasOf(model, placement, searchView(placement)))).builds.list,
      ),
    beginBuild: (placement) => changing(placement, () => beginBuild(rebuild, placement)),
    activateBuild: (placement) => changing(placement, () => activateBuild(rebuild, placement)),
    dropBuild: (placement) => changing(placement, () => dropBuild(rebuild, placement)),
    buildDelayMs,
    health: () =>
      run(async () => {
        const { body } = await client.cluster.health({});
        if (body.status === 'red')
          throw new PolystoreError(
            'store_unavailable',
            'OpenSearch lacks some of its shards (its health is red). Look at _cluster/allocation/explain.',
          );
      }),
    close: async () => {
      closed = true;
      await client.close();
    },
  };
}

interface Reading {
  readonly home: Home;
  readonly nowMs: number;
}

async function readRows(
  searcher: Searcher,
  { home, nowMs }: Reading,
  fragment: Fragment,
): Promise<readonly VersionedRow[]> {
  const { placement } = fragment;
  switch (fragment.kind) {
    case 'keys': {
      const hits = await lookUp(searcher, { home, placement, keys: fragment.keys });
      return rowsOfHits({ placement, match: [] }, hits).filter(({ row }) => isAlive(placement, row, nowMs));
    }
    case 'slice': {
      const hits = await searchRows(searcher, planSlice(home, fragment, nowMs));
      return rowsOfHits({ placement, match: [] }, hits);
    }
    case 'filter': {
      const hits = await searchRows(searcher, planFilter(home, fragment, nowMs));
      return rowsOfHits(fragment, hits);
    }
  }
}
