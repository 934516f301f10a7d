import { expect, test } from '@jest/globals';
import { readKeyspace, renderKeyspace } from './cassandra-tables.ts';

const template = {
  Resources: {
    Keyspace: { Type: 'AWS::Cassandra::Keyspace', Properties: { KeyspaceName: 'flights_dev' } },
    Key: { Type: 'AWS::KMS::Key', Properties: {} },
    Table: {
      Type: 'AWS::Cassandra::Table',
      Properties: {
        KeyspaceName: { Ref: 'Keyspace' },
        TableName: 'by_time',
        PartitionKeyColumns: [
          { ColumnName: 'carrier', ColumnType: 'text' },
          { ColumnName: '$hour', ColumnType: 'text' },
        ],
        ClusteringKeyColumns: [
          { Column: { ColumnName: 'at', ColumnType: 'text' }, OrderBy: 'DESC' },
          { Column: { ColumnName: 'id', ColumnType: 'int' }, OrderBy: 'ASC' },
        ],
        RegularColumns: [{ ColumnName: 'kind', ColumnType: 'text' }],
      },
    },
  },
};

test('a table of a template becomes the same table in CQL', () => {
  const statements = renderKeyspace(readKeyspace(JSON.stringify(template)));

  expect(statements.slice(1)).toEqual([
    'CREATE TABLE "flights_dev"."by_time" ("carrier" text, "$hour" text, "at" text, "id" int, "kind" text, ' +
      'PRIMARY KEY (("carrier", "$hour"), "at", "id")) WITH CLUSTERING ORDER BY ("at" DESC, "id" ASC)',
  ]);
});

test('a template without a keyspace, or with a table of another form, is refused', () => {
  const { Keyspace, ...others } = template.Resources;
  const unknown = { Keyspace, Table: { Type: 'AWS::Cassandra::Table', Properties: { TableName: 'x' } } };

  expect(() => readKeyspace(JSON.stringify({ Resources: others }))).toThrow();
  expect(() => readKeyspace(JSON.stringify({ Resources: unknown }))).toThrow(/PartitionKeyColumns/);
});
