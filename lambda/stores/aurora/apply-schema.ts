import type pg from 'pg';
import { PolystoreError } from '../../errors.ts';
import type { Catalog } from '../../model/index.ts';
import { backOff } from '../backoff.ts';
import type { Clock } from '../store.ts';
import { readCurrentSchema } from './current-schema.ts';
import { auroraError, isContention, sqlState } from './errors.ts';
import { planMigration } from './migrate.ts';
import { type AuroraConnection, withOwner } from './owner.ts';
import { isPartitioned, monthsAhead, partitionLock, renderPartition } from './partition.ts';
import { renderSchema, tablesOf } from './schema.ts';
import { viewsToFill } from './views-to-fill.ts';

export interface SchemaOptions {
  /** Of the writer, as the user that owns the schema. */
  readonly connection: AuroraConnection;
  readonly catalog: Catalog;
  /** What may be lost, by name: `source.airport` (a table) or `source.airport.alt` (a column). */
  readonly allow: readonly string[];
  /** Says which months are made ahead. */
  readonly clock: Clock;
}

/** What a migration came to. */
export interface SchemaChanges {
  /** What changed that was there already, beyond making what was missing. */
  readonly statements: readonly string[];
  /** Commands that fill views whose values have another form now. */
  readonly backfills: readonly string[];
}

const attempts = 6;

/**
 * Brings the schema to what the model says, in one transaction; run again it changes nothing.
 *
 * @throws `migration_refused`, with nothing changed; `contended` when others hold the tables for 10 s.
 */
export async function applySchema(options: SchemaOptions): Promise<SchemaChanges> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await withOwner(options.connection, (client) => migrate(client, options));
    } catch (error) {
      if (attempt === attempts || !isRace(error)) throw explained(error);
      await backOff(attempt);
    }
  }
}

async function migrate(client: pg.Client, { catalog, allow, clock }: SchemaOptions): Promise<SchemaChanges> {
  await client.query("begin; set local lock_timeout = '10s'; set local client_min_messages = warning");
  await client.query(partitionLock);
  const current = await readCurrentSchema(client);
  const statements = planMigration(current, catalog, allow);
  const ahead = tablesOf(catalog, current.builds)
    .filter(isPartitioned)
    .flatMap((table) => monthsAhead(clock()).flatMap((month) => renderPartition(table, month)));
  for (const statement of [...statements, ...renderSchema(catalog, current.builds), ...ahead])
    await client.query(statement);
  await client.query('commit');
  return { statements, backfills: viewsToFill(current, catalog) };
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
