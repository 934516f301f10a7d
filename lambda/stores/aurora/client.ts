import type pg from 'pg';
import type { Change } from '../../change/change.ts';
import { coalesce } from '../../change/change.ts';
import { PolystoreError } from '../../errors.ts';
import type { Workload } from '../../model/index.ts';
import { backOff } from '../backoff.ts';
import { notFiltered, notHeld } from '../placement.ts';
import { sliceShape } from '../slice.ts';
import type { ApplyResult, Clock, Placement, SqlStore } from '../store.ts';
import { type AuroraCredentials, type AuroraNode, createPool } from './connection.ts';
import { isContention, isNoPartition, isRowAtFault } from './errors.ts';
import { tableName } from './names.ts';
import { monthsOf, partitionLock, renderPartition } from './partition.ts';
import { parseRows, renderKeysRead, renderSliceRead, renderVersionsRead, versionOf } from './read.ts';
import { runSql } from './run.ts';
import { fetchRows, inTransaction, type TransactionOptions, withClient } from './transaction.ts';
import { renderUpsert, type Statement } from './write.ts';

export interface AuroraStoreOptions extends AuroraCredentials {
  readonly writer: AuroraNode;
  /** Where callers' reads go, by their workload; absent: to the writer. Nodes of one address share connections. */
  readonly replicas?: Readonly<Record<Workload, AuroraNode>> | undefined;
  readonly clock: Clock;
  /** Connections at most, to each node. */
  readonly poolSize: number;
}

const sync = { actor: { kind: 'sync' }, timeoutMs: 30_000, giveUpMs: 40_000 } as const;
const healthMs = 5_000;
const applyAttempts = 6;

/** Sources and views in Aurora PostgreSQL, and callers' SQL over both. */
export function createAuroraStore(options: AuroraStoreOptions): SqlStore {
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
  /** Partitions that are known to be there. */
  const partitions = new Set<string>();
  let closed = false;
  const open = (pool: pg.Pool): pg.Pool => {
    if (!closed) return pool;
    throw new PolystoreError('store_unavailable', 'The Aurora store was closed. Make another one.');
  };
  const fetchAs = (options: TransactionOptions, statement: Statement) =>
    inTransaction(open(writer), options, (client) => fetchRows(client, statement));

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

  /** Writes a batch; halves it as long as some row of it is at fault, until that row stands alone. */
  const write = async (placement: Placement, changes: readonly Change[]): Promise<Outcome> => {
    for (let attempt = 1; ; attempt += 1) {
      try {
        await ensurePartitions(placement, changes);
        const { text, params } = renderUpsert(placement, changes);
        const { rowCount } = await inTransaction(open(writer), { ...sync, access: 'write' }, (client) =>
          client.query(text, [...params]),
        );
        return { applied: rowCount ?? 0, rejected: [] };
      } catch (error) {
        const cause = error instanceof PolystoreError ? error.cause : undefined;
        const again = isContention(cause) || isNoPartition(cause);
        if (isNoPartition(cause)) partitions.clear();
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

  return {
    name: 'aurora',
    capabilities: {
      sql: true,
      writesSources: false,
      filters: false,
      matches: false,
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
      const { applied, rejected } = await write(placement, coalesce(changes));
      return { applied, stale: changes.length - applied - rejected.length, rejected };
    },
    read: async (fragment) => {
      const { placement } = fragment;
      if (fragment.kind === 'filter') throw notFiltered('The Aurora store', placement);
      if (fragment.kind === 'keys' && fragment.keys.length === 0) return [];
      const statement =
        fragment.kind === 'keys' ? renderKeysRead(fragment) : renderSliceRead(fragment, sliceShape(fragment));
      return parseRows(placement, await fetchAs({ ...sync, access: 'read' }, statement));
    },
    versions: async (placement, keys) => {
      if (placement.target.kind !== 'aurora.table')
        throw notHeld(
          'The Aurora store, which keeps no versions in source tables,',
          placement,
          'look up versions in',
        );
      if (keys.length === 0) return [];
      const rows = await fetchAs({ ...sync, access: 'read' }, renderVersionsRead(placement, keys));
      return rows.map(([text]) => versionOf(text));
    },
    run: async (request) => {
      const { access, node } = request;
      return runSql(
        open(access === 'write' || node === 'writer' ? writer : (readers?.[node] ?? writer)),
        request,
      );
    },
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
