import { PolystoreError } from '../../errors.ts';
import type { Catalog, WideTable } from '../../model/index.ts';
import { parted } from '../parted.ts';
import type { Placement } from '../store.ts';
import { activated, begun, dropped, removed } from '../view-builds.ts';
import { buildDelayMs, readBuilds, writeBuilds } from './builds.ts';
import { limits } from './limits.ts';
import type { Requests } from './requests.ts';
import {
  physicalTable,
  qualified,
  quote,
  renderDropTable,
  renderServiceTable,
  renderTable,
} from './schema.ts';
import type { State } from './state.ts';
import type { Bound } from './write.ts';

export interface RebuildContext {
  readonly requests: Requests;
  readonly state: State;
  readonly keyspace: string;
  readonly catalog: Catalog;
  /** Whether it is Keyspaces, which makes tables later than it says. */
  readonly isService: boolean;
  readonly sleep: (milliseconds: number) => Promise<unknown>;
}

/** Makes the table of the next build, and then says that it is there: from then on it is written to. */
export async function beginBuild(context: RebuildContext, placement: Placement): Promise<Placement> {
  const { requests, state, keyspace, catalog, isService } = context;
  const { builds, held } = await readBuilds(state, placement);
  const next = begun(placement, builds);
  const table = physicalTable(catalog, placement, next.last);
  await requests.define((isService ? renderServiceTable : renderTable)(keyspace, table));
  await untilActive(context, table);
  await writeBuilds(state, placement, { builds: next, held });
  return { ...placement, build: next.last };
}

export async function activateBuild({ state }: RebuildContext, placement: Placement): Promise<void> {
  const { builds, held } = await readBuilds(state, placement);
  const next = activated(placement, builds);
  if (next !== undefined) await writeBuilds(state, placement, { builds: next, held });
}

/**
 * Says first that a build is going, so that nobody writes to it any more, and removes it when every process has heard
 * of that. The first build's table belongs to CloudFormation and stays, without rows.
 */
export async function dropBuild(context: RebuildContext, placement: Placement): Promise<void> {
  const { requests, state, keyspace, catalog, sleep } = context;
  const { builds, held } = await readBuilds(state, placement);
  const next = dropped(placement, builds);
  const { build: number } = placement;
  if (next === undefined || number === undefined) return;
  if (next !== builds) await writeBuilds(state, placement, { builds: next, held });
  await sleep(buildDelayMs);
  const table = physicalTable(catalog, placement, number);
  if (number === 1) await emptyTable(context, table);
  else await requests.define(renderDropTable(keyspace, table));
  const now = await readBuilds(state, placement);
  await writeBuilds(state, placement, { builds: removed(now.builds, number), held: now.held });
}

/** Row by row, a batch for those of a partition: Keyspaces has no TRUNCATE, and takes 1,000 rows in a range delete. */
async function emptyTable({ requests, keyspace }: RebuildContext, table: WideTable): Promise<void> {
  const key = [...table.partitionKey, ...table.clustering].map(({ name }) => name);
  const select = `SELECT ${key.map(quote).join(', ')} FROM ${qualified(keyspace, table)}`;
  const cql = `DELETE FROM ${qualified(keyspace, table)} WHERE ${key.map((name) => `${quote(name)} = ?`).join(' AND ')}`;
  for (let from: string | undefined; ; ) {
    const page = await requests.readPage({ cql: select, params: [] }, { size: pageSize, from });
    const byPartition = Map.groupBy(page.rows, (row) =>
      table.partitionKey.map(({ name }) => String(row[name])).join('|'),
    );
    for (const rows of byPartition.values())
      for (const part of parted(rows, limits.batchStatements))
        await requests.write(
          // What the driver gave, it takes.
          part.map((row): Bound => ({ cql, params: key.map((name) => row[name]) as Bound['params'] })),
        );
    if (page.next === undefined) return;
    from = page.next;
  }
}

const pageSize = 1000;
const lookEveryMs = 2_000;
/** A table is made within seconds to a few minutes. */
const mostLooks = 150;

/**
 * Keyspaces makes a table after it has answered, and tells in `system_schema_mcs.tables` when it can be used (AWS's
 * developer guide, "Check table creation status"). Unproven without an account.
 */
async function untilActive(
  { requests, keyspace, isService, sleep }: RebuildContext,
  { name }: WideTable,
): Promise<void> {
  if (!isService) return;
  for (let look = 1; look <= mostLooks; look += 1) {
    const [row] = await requests.readAll({
      cql: 'SELECT status FROM system_schema_mcs.tables WHERE keyspace_name = ? AND table_name = ?',
      params: [keyspace, name],
    });
    if (row?.status === 'ACTIVE') return;
    await sleep(lookEveryMs);
  }
  throw new PolystoreError(
    'store_unavailable',
    `Keyspaces has not made the table ${name} within ${(lookEveryMs * mostLooks) / 60_000} minutes. Begin the build again; it goes on with that table.`,
  );
}
