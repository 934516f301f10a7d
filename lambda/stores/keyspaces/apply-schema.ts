import { PolystoreError } from '../../errors.ts';
import { type Catalog, storeOf, type WideTable } from '../../model/index.ts';
import { readBuilds } from './builds.ts';
import { type ConnectionOptions, openSession, type Session } from './connection.ts';
import { keyspacesError } from './errors.ts';
import { physicalTable, renderAddColumn, renderKeyspace, renderTable } from './schema.ts';
import { type CurrentColumn, planSchema, type SchemaPlan } from './schema-plan.ts';
import { createState } from './state.ts';

export interface SchemaOptions {
  readonly connection: ConnectionOptions;
  readonly keyspace: string;
  readonly catalog: Catalog;
  /**
   * Whether what is missing is made, as on this machine; else it is an error, for on AWS CloudFormation makes
   * the tables.
   */
  readonly make: boolean;
}

/**
 * Sees to it that the model's tables are there. Harmless to repeat.
 *
 * @returns the tables and columns that were made.
 * @throws PolystoreError `migration_refused` where a table is another than the model's, `store_rejected`
 *   where one is missing and may not be made.
 */
export async function applyKeyspacesSchema(options: SchemaOptions): Promise<readonly string[]> {
  const { connection, keyspace, catalog, make } = options;
  const session = await openSession(connection);
  try {
    if (make) await makeKeyspace(session, keyspace);
    const plan = planSchema(catalog.wideTables, await currentColumns(session, keyspace));
    if (plan.problems.length > 0)
      throw new PolystoreError(
        'migration_refused',
        `The keyspace ${keyspace} is not as the model says, and Keyspaces cannot change it without losing rows: ${plan.problems.join('; ')}. Give the view another name, or drop the table and apply the log again.`,
        { details: { problems: plan.problems } },
      );
    if (!make) requireAll(plan, keyspace);
    for (const table of plan.missingTables) await session.define(renderTable(keyspace, table));
    for (const { table, column } of plan.missingColumns)
      await session.define(renderAddColumn(keyspace, table, column));
    return [...namesOf(plan), ...(await widenBuilds(session, { keyspace, catalog }))];
  } catch (error) {
    throw keyspacesError(error);
  } finally {
    await session.close();
  }
}

/** Adds what new columns need to the tables of builds, of which CloudFormation does not know. */
async function widenBuilds(
  session: Session,
  { keyspace, catalog }: Pick<SchemaOptions, 'keyspace' | 'catalog'>,
): Promise<readonly string[]> {
  const tables = await buildTables(session, { keyspace, catalog });
  const plan = planSchema(tables, await currentColumns(session, keyspace));
  if (plan.problems.length > 0)
    throw new PolystoreError(
      'migration_refused',
      `A build is not as the model says: ${plan.problems.join('; ')}. Drop it, or give the view another name.`,
      { details: { problems: plan.problems } },
    );
  for (const { table, column } of plan.missingColumns)
    await session.define(renderAddColumn(keyspace, table, column));
  return plan.missingColumns.map(({ table, column }) => `${table.name}.${column.name}`);
}

/** The tables of the builds after the first one. */
async function buildTables(
  session: Session,
  { keyspace, catalog }: Pick<SchemaOptions, 'keyspace' | 'catalog'>,
): Promise<readonly WideTable[]> {
  const tables: WideTable[] = [];
  for (const entity of catalog.entities)
    for (const target of entity.views.filter((view) => storeOf(view) === 'keyspaces')) {
      const state = createState(
        {
          readAll: async (statement) => (await session.read(statement, { size: 1000 })).rows,
          compareAndSet: (statement) => session.compareAndSet(statement),
        },
        keyspace,
        catalog,
      );
      const { builds } = await readBuilds(state, { entity, target });
      for (const { number } of builds.list)
        if (number > 1) tables.push(physicalTable(catalog, { entity, target }, number));
    }
  return tables;
}

/** One copy of everything, in the datacentre of the node that answers. */
async function makeKeyspace(session: Session, keyspace: string): Promise<void> {
  const { rows } = await session.read(
    { cql: 'SELECT data_center FROM system.local', params: [] },
    { size: 1 },
  );
  const name = String(rows[0]?.data_center);
  await session.define(renderKeyspace(keyspace, { kind: 'datacentre', name, copies: 1 }));
}

async function currentColumns(session: Session, keyspace: string): Promise<readonly CurrentColumn[]> {
  const columns: CurrentColumn[] = [];
  for (let from: string | undefined; ; ) {
    const { rows, next } = await session.read(
      {
        cql: 'SELECT table_name, column_name, kind, position, type, clustering_order FROM system_schema.columns WHERE keyspace_name = ?',
        params: [keyspace],
      },
      { size: 1000, from },
    );
    for (const row of rows)
      columns.push({
        table: String(row.table_name),
        name: String(row.column_name),
        // The four kinds that the engine knows.
        kind: row.kind as CurrentColumn['kind'],
        position: Number(row.position),
        type: String(row.type),
        descending: String(row.clustering_order).toLowerCase() === 'desc',
      });
    if (next === undefined) return columns;
    from = next;
  }
}

function requireAll(plan: SchemaPlan, keyspace: string): void {
  const missing = namesOf(plan);
  if (missing.length === 0) return;
  throw new PolystoreError(
    'store_rejected',
    `The keyspace ${keyspace} lacks ${missing.join(', ')}. CloudFormation makes its tables: deploy the stack of Keyspaces first.`,
    { details: { missing } },
  );
}

const namesOf = ({ missingTables, missingColumns }: SchemaPlan): readonly string[] => [
  ...missingTables.map(({ name }) => name),
  ...missingColumns.map(({ table, column }) => `${table.name}.${column.name}`),
];
