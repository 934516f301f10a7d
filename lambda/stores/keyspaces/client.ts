import type { Change, Row } from '../../change/change.ts';
import { PolystoreError } from '../../errors.ts';
import type { Catalog } from '../../model/index.ts';
import { arrange } from '../arrange.ts';
import { inParallel } from '../in-parallel.ts';
import { notFiltered, placementName } from '../placement.ts';
import { sliceShape } from '../slice.ts';
import type { AggregateStore, ApplyResult, Clock, Placement, VersionedRow } from '../store.ts';
import type { ConnectionOptions } from './connection.ts';
import { limits } from './limits.ts';
import { distinctKeys, type HeldVersion, isVisible, type Projection, wholeRow } from './read.ts';
import { recompute } from './recompute.ts';
import { createRequests } from './requests.ts';
import { planRollup, rollupOf } from './rollup.ts';
import { answerRollup } from './rollup-answer.ts';
import { bucketsOf, decodeBucket, planRollupWork } from './rollup-write.ts';
import { lookUp, readSlice, sweep } from './rows.ts';
import { physicalTable, tableOf } from './schema.ts';
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
export function createKeyspacesStore(options: KeyspacesStoreOptions): AggregateStore {
  const { keyspace, catalog, clock, random = Math.random } = options;
  const requests = createRequests(options, random);
  const projectionOf = (placement: Placement): Projection => wholeRow(placement, tableOf(catalog, placement));
  const applyRollup = async (placement: Placement, changes: readonly Change[]): Promise<ApplyResult> => {
    const { buckets, rejected } = planRollupWork(placement, changes);
    const context = { requests, keyspace, catalog, nowMs: clock(), random };
    await inParallel(buckets, bucketsAtOnce, (bucket) => recompute(placement, bucket, context));
    return counted(changes.length, rejected);
  };

  return {
    name: 'keyspaces',
    capabilities: {
      sql: false,
      writesSources: false,
      filters: false,
      matches: false,
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
      if (placement.target.kind === 'keyspaces.rollup') return applyRollup(placement, changes);
      const tableView = tableOf(catalog, placement);
      const plan = planWrite(placement, tableView, changes, { keyspace, nowMs: clock() });
      await inParallel(plan.batches, limits.requestsInFlight, (batch) => requests.write(batch));
      await sweep(requests, keyspace, tableView, plan.sweeps);
      return counted(changes.length, plan.rejected);
    },
    read: async (fragment) => {
      if (fragment.kind === 'filter') throw notFiltered('The Keyspaces store', fragment.placement);
      const projection = projectionOf(fragment.placement);
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
      const held = await lookUp(requests, keyspace, { ...projectionOf(placement), columns: [] }, keys);
      return held.map((each) => each?.version);
    },
    aggregate: async (fragment) => {
      const plan = planRollup(fragment);
      if (plan.kind === 'refused')
        throw new PolystoreError(
          'not_supported',
          `The rollup ${placementName(fragment.placement)} cannot answer: ${plan.reason}.`,
        );
      const table = physicalTable(catalog, fragment.placement, rollupOf(fragment.placement).name);
      const pages = await inParallel(
        bucketsOf({ keyspace, table }, plan),
        limits.requestsInFlight,
        (statement) => requests.readAll(statement),
      );
      return answerRollup(fragment, plan, pages.flat().map(decodeBucket));
    },
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
