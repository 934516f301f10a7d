import { describe, expect, test } from '@jest/globals';
import type { WideTable } from '../../../lambda/model/index.ts';
import { checkRequest } from '../../../lambda/stores/keyspaces/limits.ts';
import { renderKeyspacesSchema, renderTable } from '../../../lambda/stores/keyspaces/schema.ts';
import { type CurrentColumn, planSchema } from '../../../lambda/stores/keyspaces/schema-plan.ts';
import { contractCatalog } from '../contract-model.ts';
import { salesCatalog } from './sales.ts';

const catalog = salesCatalog('schema');
const [byHour] = catalog.wideTables;
if (byHour === undefined) throw new TypeError('the sales have a table');

/** What `system_schema.columns` says of a table that is as the model wants it. */
const columnsOf = (table: WideTable): readonly CurrentColumn[] => [
  ...table.partitionKey.map((column, position) => ({
    ...column,
    table: table.name,
    kind: 'partition_key' as const,
    position,
    descending: false,
  })),
  ...table.clustering.map((column, position) => ({
    ...column,
    table: table.name,
    kind: 'clustering' as const,
    position,
  })),
  ...table.columns.map((column) => ({
    ...column,
    table: table.name,
    kind: 'regular' as const,
    position: -1,
    descending: false,
  })),
];

describe('the schema of Keyspaces', () => {
  test('is a keyspace and a table a view, rows of a partition in the order of the view, versions downwards, and one of what is known of views', () => {
    expect(
      renderKeyspacesSchema(catalog, { keyspace: 'shop', replication: { kind: 'single-region' } }),
    ).toEqual([
      `CREATE KEYSPACE IF NOT EXISTS "shop" WITH replication = {'class': 'SingleRegionStrategy'}`,
      `CREATE TABLE IF NOT EXISTS "shop"."sale__by_hour" (
  "tenant" text,
  "at_hour" text,
  "sub_bucket" int,
  "at" text,
  "sale_id" text,
  "version" text,
  "kind" text,
  "amount" int,
  "deleted" boolean,
  "expires_ms" bigint,
  PRIMARY KEY (("tenant", "at_hour", "sub_bucket"), "at", "sale_id", "version")
) WITH CLUSTERING ORDER BY ("at" DESC, "sale_id" DESC, "version" DESC)`,
      `CREATE TABLE IF NOT EXISTS "shop"."sale__hourly" (
  "tenant" text,
  "metric" text,
  "month" text,
  "hour" text,
  "row_count" bigint,
  "total" bigint,
  "lowest" int,
  "highest" int,
  "fingerprint" text,
  "revision" bigint,
  PRIMARY KEY (("tenant", "metric", "month"), "hour")
) WITH CLUSTERING ORDER BY ("hour" DESC)`,
      `CREATE TABLE IF NOT EXISTS "shop"."view_state" (
  "name" text,
  "part" text,
  "value" text,
  PRIMARY KEY (("name"), "part")
) WITH CLUSTERING ORDER BY ("part" ASC)`,
    ]);
  });

  test('has nothing that Keyspaces refuses', () => {
    const statements = renderKeyspacesSchema(contractCatalog('schema'), {
      keyspace: 'contract',
      replication: { kind: 'datacentre', name: 'eu-west-1', copies: 3 },
    });

    for (const cql of statements)
      checkRequest({
        statements: [cql],
        partitions: 1,
        logged: false,
        consistency: 'LOCAL_QUORUM',
        serialConsistency: 'LOCAL_SERIAL',
      });
    expect(statements[0]).toContain(`{'class': 'NetworkTopologyStrategy', 'eu-west-1': 3}`);
  });

  test('refuses a name and a number of columns that Keyspaces does not take', () => {
    const wide = {
      ...byHour,
      columns: Array.from({ length: 167 }, (_, index) => ({ name: `c${index}`, type: 'int' as const })),
    };

    expect(() => renderTable('k', { ...byHour, name: 'n'.repeat(49) })).toThrow(
      /49 characters; Keyspaces takes 48/,
    );
    expect(() => renderTable('k', wide)).toThrow(/167 columns beside its key; Keyspaces writes 166/);
  });
});

describe('the plan of a schema', () => {
  test('asks for nothing where everything is there, and lets other tables and columns be', () => {
    const other = {
      table: 'other',
      name: 'a',
      kind: 'regular',
      position: -1,
      type: 'int',
      descending: false,
    } as const;
    const more = { ...other, table: byHour.name, name: 'more' };

    expect(planSchema([byHour], [...columnsOf(byHour), other, more])).toEqual({
      missingTables: [],
      missingColumns: [],
      problems: [],
    });
  });

  test('names a table and a column that are missing', () => {
    const held = columnsOf(byHour).filter(({ name }) => name !== 'amount');

    expect(planSchema(catalog.wideTables, held)).toMatchObject({
      missingTables: [{ name: 'sale__hourly' }, { name: 'view_state' }],
      missingColumns: [{ table: { name: 'sale__by_hour' }, column: { name: 'amount' } }],
      problems: [],
    });
  });

  test('tells a key of other columns, another order and another type from what the model wants', () => {
    const held = columnsOf(byHour)
      .filter(({ name }) => name !== 'sub_bucket')
      .map((column) => (column.name === 'at' ? { ...column, descending: false } : column))
      .map((column) => (column.name === 'amount' ? { ...column, type: 'text' } : column));

    expect(planSchema([byHour], held).problems).toEqual([
      expect.stringContaining(
        'the partition key of sale__by_hour is (tenant text, at_hour text) and the model wants',
      ),
      expect.stringContaining('the clustering of sale__by_hour is (at text, '),
      'sale__by_hour.amount is a regular column of type text and the model wants int',
    ]);
  });
});
