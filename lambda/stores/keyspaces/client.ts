import { setTimeout as sleep } from 'node:timers/promises';
import type { Change, Row } from '../../change/change.ts';
import { PolystoreError } from '../../errors.ts';
import type { Catalog } from '../../model/index.ts';
import { arrange } from '../arrange.ts';
import { inParallel } from '../in-parallel.ts';
import { applyToBuilds } from '../placed-builds.ts';
import { notFiltered, placementName } from '../placement.ts';
import { sliceShape } from '../slice.ts';
import type { AggregateStore, ApplyResult, Clock, Placement, VersionedRow } from '../store.ts';
import type { ProgressSpan, ViewStore } from '../view-store.ts';
import { buildDelayMs, createBuildCatalog, type PlacedBuild, readBuilds } from './builds.ts';
import type { ConnectionOptions } from './connection.ts';
import { limits } from './limits.ts';
import { readProgress, saveProgress } from './progress.ts';
import { distinctKeys, type HeldVersion, isVisible, type Projection, wholeRow } from './read.ts';
import { activateBuild, beginBuild, dropBuild } from './rebuild.ts';
import { type RecomputeContext, recompute } from './recompute.ts';
import { repairRows } from './repair.ts';
import { createRequests } from './requests.ts';
import { planRollup } from './rollup.ts';
import { answerRollup } from './rollup-answer.ts';
import { checkRollup } from './rollup-check.ts';
import { bucketsOf, decodeBucket, planRollupWork, sourceOf } from './rollup-write.ts';
import { lookUp, readSlice, sweep } from './rows.ts';
import { digestPage, scanPage } from './scan.ts';
import { tableViewOf } from './schema.ts';
import { createState } from './state.ts';
import { planWrite } from './write.ts';

export interface KeyspacesStoreOptions extends ConnectionOptions {
  readonly keyspace: string;
  readonly catalog: Catalog;
  readonly clock: Clock;
  /** Default: `Math.random`. */
  readonly random?: () => number;
}

/** Each reads a partition whole and holds its rows. */
const bucketsAtOnce = 16;

/** Views in Keyspaces, or in Cassandra on this machine. Its tables must be there (`applyKeyspacesSchema`). */
export function createKeyspacesStore(options: KeyspacesStoreOptions): AggregateStore & Required<ViewStore> {
  const { keyspace, catalog, clock, random = Math.random } = options;
  const requests = createRequests(options, random);
  const state = createState(requests, keyspace, catalog);
  // Clocks of tests stand still, and other processes' builds are heard of all the same.
  const builds = createBuildCatalog(state, catalog, () => performance.now());
  const rebuild = { requests, state, keyspace, catalog, isService: options.auth === 'iam', sleep };
  const projectionOf = async (placement: Placement): Promise<Projection> => {
    requireRows(placement);
    const { table } = await builds.read(placement);
    return wholeRow(placement, tableViewOf(placement, table));
  };
  const scanOf = async (placement: Placement) => ({
    requests,
    keyspace,
    projection: await projectionOf(placement),
  });
  const recomputing = async ({ placement, table }: PlacedBuild): Promise<RecomputeContext> => {
    const { table: source } = await builds.read(sourceOf(placement));
    return { requests, keyspace, table, source, nowMs: clock(), random };
  };
  const applyTo = async (build: PlacedBuild, changes: readonly Change[]): Promise<ApplyResult> => {
    const { placement, table } = build;
    if (placement.target.kind === 'keyspaces.rollup') {
      const { buckets, rejected } = planRollupWork(placement, changes);
      const context = await recomputing(build);
      await inParallel(buckets, bucketsAtOnce, (bucket) => recompute(placement, bucket, context));
      return counted(changes.length, rejected);
    }
    const tableView = tableViewOf(placement, table);
    const plan = planWrite(placement, tableView, changes, { keyspace, nowMs: clock() });
    await inParallel(plan.batches, limits.requestsInFlight, (batch) => requests.write(batch));
    await sweep(requests, keyspace, tableView, plan.sweeps);
    return counted(changes.length, plan.rejected);
  };
  const changing = <T>(placement: Placement, work: () => Promise<T>): Promise<T> =>
    work().finally(() => builds.forget(placement));

  return {
    name: 'keyspaces',
    capabilities: {
      sql: false,
      writesSources: false,
      filters: false,
      matches: false,
      pages: false,
      aggregates: true,
      countsStale: false,
      orderedSlices: true,
      keepsVersions: true,
      maxBatch: 1000,
      readYourWrites: 'always',
      underPartition:
        'The service keeps three copies and answers while two can agree; a caller that cannot reach it gets store_unavailable, of a write with an unknown outcome that may be repeated.',
    },
    connect: () => requests.connect(),
    apply: async (placement, changes) => {
      const [result] = await applyToBuilds(builds, placement, (build) => applyTo(build, changes));
      return result;
    },
    read: async (fragment) => {
      if (fragment.kind === 'filter') throw notFiltered('The Keyspaces store', fragment.placement);
      const projection = await projectionOf(fragment.placement);
      if (fragment.kind === 'slice') {
        const rows = await readSlice(requests, keyspace, projection, fragment, clock());
        return arrange(fragment, sliceShape(fragment), rows.map(asRow));
      }
      const keys = distinctKeys(fragment.placement, fragment.keys);
      const held = await lookUp(requests, keyspace, projection, keys);
      const nowMs = clock();
      return held.flatMap((each) => (each !== undefined && isVisible(each, nowMs) ? [asRow(each)] : []));
    },
    versions: async (placement, keys: readonly Row[]) => {
      const projection = await projectionOf(placement);
      const held = await lookUp(requests, keyspace, { ...projection, columns: [] }, keys);
      return held.map((each) => each?.version);
    },
    aggregate: async (fragment) => {
      const plan = planRollup(fragment);
      if (plan.kind === 'refused')
        throw new PolystoreError(
          'not_supported',
          `The rollup ${placementName(fragment.placement)} cannot answer: ${plan.reason}.`,
        );
      const { table } = await builds.read(fragment.placement);
      const pages = await inParallel(
        bucketsOf({ keyspace, table }, plan),
        limits.requestsInFlight,
        (statement) => requests.readAll(statement),
      );
      return answerRollup(fragment, plan, pages.flat().map(decodeBucket));
    },
    scan: async (request) => scanPage(await scanOf(request.placement), request),
    digest: async (request) => digestPage(await scanOf(request.placement), { ...request, nowMs: clock() }),
    repair: async (placement, repairs) => {
      const { tableView } = await projectionOf(placement);
      return repairRows({ requests, state, keyspace, placement, tableView, nowMs: clock() }, repairs);
    },
    checkRollup: async (request) =>
      checkRollup(await recomputing(await builds.read(request.placement)), request),
    saveProgress: async (spans) => {
      const written = new Map<ProgressSpan, readonly PlacedBuild[]>();
      for (const span of spans) written.set(span, await builds.written(span.placement));
      return { gaps: await saveProgress({ state, random }, spans, (span) => written.get(span) ?? []) };
    },
    readProgress: async (placements) => {
      const found = await inParallel(placements, limits.requestsInFlight, async (placement) =>
        readProgress(state, await builds.read(placement)),
      );
      return found.flat();
    },
    // Each tombstone has a time to live.
    sweep: async (placement) => {
      await builds.read(placement);
      return { swept: 0, more: false };
    },
    builds: async (placement) => (await readBuilds(state, placement)).builds.list,
    beginBuild: (placement) => changing(placement, () => beginBuild(rebuild, placement)),
    activateBuild: (placement) => changing(placement, () => activateBuild(rebuild, placement)),
    dropBuild: (placement) => changing(placement, () => dropBuild(rebuild, placement)),
    buildDelayMs,
    health: async () => {
      await requests.readAll({ cql: 'SELECT key FROM system.local', params: [] });
    },
    close: () => requests.close(),
  };
}

const asRow = ({ row, version }: HeldVersion): VersionedRow => ({ row, version });

/** Which changes were stale, a store that writes without reading cannot tell. */
const counted = (changes: number, rejected: ApplyResult['rejected']): ApplyResult => ({
  applied: changes - rejected.length,
  stale: 0,
  rejected,
});

/** @throws PolystoreError `not_supported` for a rollup, of which rows are asked. */
function requireRows(placement: Placement): void {
  const { target } = placement;
  if (target.kind === 'keyspaces.rollup')
    throw new PolystoreError(
      'not_supported',
      `The rollup ${placementName(placement)} holds totals and no rows. Compare and repair it by checkRollup, or look at the rows of ${placement.entity.name}.${target.from}.`,
    );
}
