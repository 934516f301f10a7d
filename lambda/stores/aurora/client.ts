import type pg from 'pg';
import type { Change } from '../../change/change.ts';
import { coalesce } from '../../change/change.ts';
import { PolystoreError } from '../../errors.ts';
import type { Workload } from '../../model/index.ts';
import { backOff } from '../backoff.ts';
import { notFiltered, notHeld, placementName } from '../placement.ts';
import { sliceShape } from '../slice.ts';
import type { ApplyResult, Clock, Placement, SqlRequest, SqlStore } from '../store.ts';
import type { SourceStore, ViewStore } from '../view-store.ts';
import { holdBuilds, readBuilds, resolve, written } from './builds.ts';
import { type AuroraCredentials, type AuroraNode, createPool } from './connection.ts';
import { isContention, isMissingTable, isNoPartition, isRowAtFault } from './errors.ts';
import { measureLag, type ReplicaLag } from './lag.ts';
import { tableName } from './names.ts';
import { monthsOf, partitionLock, renderPartition, stillKept } from './partition.ts';
import { parseRows, renderKeysRead, renderSliceRead, renderVersionsRead, versionOf } from './read.ts';
import { nodePosition, runSql, streamSql } from './run.ts';
import { runTransaction } from './run-transaction.ts';
import { fetchRows, inTransaction, withClient } from './transaction.ts';
import { createMaintenance } from './view-maintenance.ts';
import { renderUpsert, type Statement } from './write.ts';

export interface AuroraStoreOptions extends AuroraCredentials {
  readonly writer: AuroraNode;
  /** Where callers' reads go, by their workload; absent: to the writer. Nodes of one address share connections. */
  readonly replicas?: Readonly<Record<Workload, AuroraNode>> | undefined;
  readonly clock: Clock;
  /** Connections at most, to each node. */
  readonly poolSize: number;
  /** Of the versions that `readTruth` gives: that of Debezium's connector. Default: 0. */
  readonly generation?: number;
  /** How long `readTruth` waits for transactions that are in flight, in milliseconds. Default: 30,000. */
  readonly truthWaitMs?: number;
}

export interface AuroraStore extends SqlStore, ViewStore, SourceStore {
  /** How late the replica of each workload is; none without replicas. */
  replicaLag(): Promise<readonly ReplicaLag[]>;
}

const sync = { actor: { kind: 'sync' }, timeoutMs: 30_000, giveUpMs: 40_000 } as const;
const healthMs = 5_000;
const applyAttempts = 6;
const defaultTruthWaitMs = 30_000;
const buildName = (placement: Placement): string => `${placementName(placement)} ${placement.build ?? ''}`;

/** Sources and views in Aurora PostgreSQL, and callers' SQL over both. */
export function createAuroraStore(options: AuroraStoreOptions): AuroraStore {
  const pools = new Map<string, pg.Pool>();
  const poolOf = (node: AuroraNode): pg.Pool => {
    const address = `${node.host}:${node.port}`;
    const pool = pools.get(address) ?? createPool(node, options, options.poolSize);
    pools.set(address, pool);
    return pool;
  };
  const writer = poolOf(options.writer);
  const { replicas } = options;
  const readers =
    replicas === undefined
      ? undefined
      : {
          dashboard: poolOf(replicas.dashboard),
          analytics: poolOf(replicas.analytics),
          reporting: poolOf(replicas.reporting),
        };
  const nodeOf = ({ node }: Pick<SqlRequest, 'node'>): pg.Pool =>
    node === 'writer' ? writer : (readers?.[node] ?? writer);
  /** Partitions that are known to be there. */
  const partitions = new Set<string>();
  let closed = false;
  const open = (pool: pg.Pool): pg.Pool => {
    if (!closed) return pool;
    throw new PolystoreError('store_unavailable', 'The Aurora store was closed. Make another one.');
  };
  /** Makes the partitions of one build that rows fall into. */
  const ensurePartitions = async (placement: Placement, changes: readonly Change[]): Promise<void> => {
    const named = monthsOf(placement, changes).map((month) => ({
      month,
      name: `${tableName(placement).table} ${month}`,
    }));
    const missing = named.filter(({ name }) => !partitions.has(name));
    if (missing.length === 0) return;
    await inTransaction(
      open(writer),
      { ...sync, actor: { kind: 'owner' }, access: 'write' },
      async (client) => {
        await client.query(partitionLock);
        for (const { month } of missing)
          for (const statement of renderPartition(placement, month)) await client.query(statement);
      },
    );
    for (const { name } of missing) partitions.add(name);
  };

  /** The builds of views as they were last seen: a guess of which partitions are needed. */
  const seen = new Map<string, readonly Placement[]>();
  const lastSeen = async (placement: Placement): Promise<readonly Placement[]> => {
    const known = seen.get(buildName(placement));
    if (known !== undefined) return known;
    return inTransaction(open(writer), { ...sync, access: 'read' }, async (client) =>
      written(placement, await readBuilds(client, placement)),
    );
  };

  /** Writes a batch to each build; halves it as long as some row of it is at fault, until that row stands alone. */
  const write = async (placement: Placement, changes: readonly Change[]): Promise<Outcome> => {
    for (let attempt = 1; ; attempt += 1) {
      try {
        for (const build of await lastSeen(placement)) await ensurePartitions(build, changes);
        const applied = await inTransaction(open(writer), { ...sync, access: 'write' }, async (client) => {
          const builds = written(placement, await holdBuilds(client, placement));
          seen.set(buildName(placement), builds);
          const counts: number[] = [];
          for (const build of builds) {
            const { text, params } = renderUpsert(build, { changes, nowMs: options.clock() });
            const { rowCount } = await client.query(text, [...params]);
            counts.push(rowCount ?? 0);
          }
          return counts;
        });
        // What readers see is the first, the active one.
        return { applied: applied[0] ?? 0, rejected: [] };
      } catch (error) {
        const cause = error instanceof PolystoreError ? error.cause : undefined;
        const again = isContention(cause) || isNoPartition(cause) || isMissingTable(cause);
        if (isNoPartition(cause)) partitions.clear();
        if (isMissingTable(cause)) seen.delete(buildName(placement));
        if (again && attempt < applyAttempts) await backOff(attempt);
        else if (isRowAtFault(cause)) return split(placement, changes, error);
        else throw error;
      }
    }
  };
  const split = async (
    placement: Placement,
    changes: readonly Change[],
    error: unknown,
  ): Promise<Outcome> => {
    const [only] = changes;
    if (only !== undefined && changes.length === 1)
      return {
        applied: 0,
        rejected: [{ change: only, reason: error instanceof Error ? error.message : String(error) }],
      };
    const middle = Math.ceil(changes.length / 2);
    const first = await write(placement, changes.slice(0, middle));
    const second = await write(placement, changes.slice(middle));
    return { applied: first.applied + second.applied, rejected: [...first.rejected, ...second.rejected] };
  };

  /** Rows by a statement over the build that the placement means. */
  const fetchOf = (placement: Placement, render: (resolved: Placement) => Statement) =>
    inTransaction(open(writer), { ...sync, access: 'read' }, async (client) => {
      const isView = placement.target.kind === 'aurora.table';
      const resolved = isView ? resolve(placement, await readBuilds(client, placement)) : placement;
      return fetchRows(client, render(resolved));
    });

  return {
    name: 'aurora',
    capabilities: {
      sql: true,
      writesSources: false,
      filters: false,
      matches: false,
      pages: false,
      aggregates: false,
      countsStale: true,
      orderedSlices: true,
      keepsVersions: true,
      maxBatch: 1000,
      readYourWrites: 'on the writer',
      underPartition:
        'A writer that is cut off from its storage or replaced stops taking writes; replicas go on answering from the position they have reached.',
    },
    connect: async () => {},
    apply: async (placement, changes) => {
      if (placement.target.kind !== 'aurora.table')
        throw notHeld('The Aurora store', placement, 'apply changes to');
      if (changes.length === 0) return { applied: 0, stale: 0, rejected: [] };
      const kept = stillKept(placement, coalesce(changes), options.clock());
      if (kept.length === 0) return { applied: 0, stale: changes.length, rejected: [] };
      const { applied, rejected } = await write(placement, kept);
      return { applied, stale: changes.length - applied - rejected.length, rejected };
    },
    read: async (fragment) => {
      const { placement } = fragment;
      if (fragment.kind === 'filter') throw notFiltered('The Aurora store', placement);
      if (fragment.kind === 'keys' && fragment.keys.length === 0) return [];
      const rows = await fetchOf(placement, (resolved) =>
        fragment.kind === 'keys'
          ? renderKeysRead({ ...fragment, placement: resolved }, options.clock())
          : renderSliceRead({ ...fragment, placement: resolved }, sliceShape(fragment), options.clock()),
      );
      return parseRows(placement, rows);
    },
    versions: async (placement, keys) => {
      if (placement.target.kind !== 'aurora.table')
        throw notHeld(
          'The Aurora store, which keeps no versions in source tables,',
          placement,
          'look up versions in',
        );
      if (keys.length === 0) return [];
      const rows = await fetchOf(placement, (resolved) => renderVersionsRead(resolved, keys));
      return rows.map(([text]) => versionOf(text));
    },
    run: async (request) => runSql(open(request.access === 'write' ? writer : nodeOf(request)), request),
    stream: async (request, sink) => streamSql(open(nodeOf(request)), request, sink),
    transact: async (transaction) => runTransaction(open(writer), transaction),
    position: async (node) => nodePosition(open(nodeOf({ node }))),
    ...createMaintenance({
      transact: ({ as, access, waitMs = 0 }, work) =>
        inTransaction(
          open(writer),
          { ...sync, actor: { kind: as }, access, giveUpMs: sync.giveUpMs + waitMs },
          work,
        ),
      ensurePartitions,
      clock: options.clock,
      generation: options.generation ?? 0,
      truthWaitMs: options.truthWaitMs ?? defaultTruthWaitMs,
    }),
    replicaLag: async () => (readers === undefined ? [] : measureLag(open(writer), readers)),
    health: async () => {
      await Promise.all(
        [...pools.values()].map((pool) =>
          withClient(open(pool), { giveUpMs: healthMs }, (client) => client.query('select 1')),
        ),
      );
    },
    close: async () => {
      if (closed) return;
      closed = true;
      await Promise.all([...pools.values()].map((pool) => pool.end()));
    },
  };
}

type Outcome = Pick<ApplyResult, 'applied' | 'rejected'>;
