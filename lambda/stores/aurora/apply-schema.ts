import type pg from 'pg';
import { PolystoreError } from '../../errors.ts';
import type { Catalog } from '../../model/index.ts';
import { backOff } from '../backoff.ts';
import type { Clock } from '../store.ts';
import { buildIndexes, type IndexBuilds } from './build-indexes.ts';
import { readCurrentSchema } from './current-schema.ts';
import { auroraError, isContention, sqlState } from './errors.ts';
import { planMigration } from './migrate.ts';
import { type ModelTable, tablesOf } from './model-table.ts';
import { qualified } from './names.ts';
import { type AuroraConnection, withOwner } from './owner.ts';
import { isPartitioned, monthsAhead, partitionLock, renderPartition } from './partition.ts';
import { renderSchema } from './schema.ts';
import { validateChecks } from './table-checks.ts';
import { viewsToFill } from './views-to-fill.ts';

export interface SchemaOptions {
  /** Of the writer, as the user that owns the schema. */
  readonly connection: AuroraConnection;
  readonly catalog: Catalog;
  /** What may be lost, by name: `source.airport` (a table) or `source.airport.alt` (a column). */
  readonly allow: readonly string[];
  /** Says which months are made ahead. */
  readonly clock: Clock;
  /**
   * How long indexes of tables that hold rows are built and waited for, in milliseconds; PostgreSQL ends what was begun,
   * and another run goes on. Default: 200,000.
   */
  readonly buildIndexesForMs?: number;
}

/** What a migration came to. */
export interface SchemaChanges {
  /** What changed that was there already, beyond making what was missing. */
  readonly statements: readonly string[];
  /** Commands that fill views whose values have another form now. */
  readonly backfills: readonly string[];
  /** Indexes of tables that were there already. */
  readonly indexes: IndexBuilds;
}

const attempts = 6;
/** The function that does it has 300 s. */
const defaultBuildMs = 200_000;

/**
 * Brings the schema to what the model says: all but the indexes of tables that are there in one transaction, and then
 * these, while the tables are read and written. Run again it changes nothing.
 *
 * @throws `migration_refused`, with nothing changed; `contended` when others hold the tables for 10 s.
 */
export async function applySchema(options: SchemaOptions): Promise<SchemaChanges> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await withOwner(options.connection, async (client) => {
        const { tables, ...changes } = await migrate(client, options);
        await validateChecks(client, tables);
        const time = AbortSignal.timeout(options.buildIndexesForMs ?? defaultBuildMs);
        return { ...changes, indexes: await buildIndexes(client, tables, time) };
      });
    } catch (error) {
      if (attempt === attempts || !isRace(error)) throw explained(error);
      await backOff(attempt);
    }
  }
}

async function migrate(
  client: pg.Client,
  { catalog, allow, clock }: SchemaOptions,
): Promise<Omit<SchemaChanges, 'indexes'> & { readonly tables: readonly ModelTable[] }> {
  await client.query("begin; set local lock_timeout = '10s'; set local client_min_messages = warning");
  await client.query(partitionLock);
  const current = await readCurrentSchema(client);
  const statements = planMigration(current, catalog, allow);
  const there = new Set(current.tables.map(qualified));
  const tables = tablesOf(catalog, current.builds);
  const ahead = tables
    .filter(isPartitioned)
    .flatMap((table) => monthsAhead(clock()).flatMap((month) => renderPartition(table, month)));
  for (const statement of [...statements, ...renderSchema(catalog, current.builds, there), ...ahead])
    await client.query(statement);
  await client.query('commit');
  return { statements, backfills: viewsToFill(current, catalog), tables };
}

/** Two databases of one cluster that touch the shared roles at once, or two deployments of one. */
function isRace(error: unknown): boolean {
  const concurrent = error instanceof Error && error.message.includes('tuple concurrently updated');
  return concurrent || isContention(error) || sqlState(error) === '23505';
}

/** A rule that rows already break is no defect of the statement: it is what the model asks in vain. */
function explained(error: unknown): PolystoreError {
  const state = sqlState(error) ?? '';
  if (state.startsWith('23') || state.startsWith('22') || state === '42846')
    return new PolystoreError(
      'migration_refused',
      `The schema of Aurora was left as it is: rows that are there do not fit the model. ${auroraError(error).message}. Mend the rows first; a new field of rows that exist must be optional`,
      { cause: error },
    );
  return auroraError(error);
}
