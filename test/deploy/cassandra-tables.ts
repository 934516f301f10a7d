import { Client } from 'cassandra-driver';
import * as z from 'zod';

/** A table as CloudFormation takes it: the part that says what it holds. */
const column = z.object({ ColumnName: z.string(), ColumnType: z.string() });
const table = z.object({
  TableName: z.string(),
  PartitionKeyColumns: z.array(column),
  ClusteringKeyColumns: z.array(z.object({ Column: column, OrderBy: z.enum(['ASC', 'DESC']) })).default([]),
  RegularColumns: z.array(column).default([]),
});
export type CassandraTable = z.infer<typeof table>;

const template = z.object({
  Resources: z.record(z.string(), z.object({ Type: z.string(), Properties: z.unknown() })),
});

export interface CassandraKeyspace {
  readonly name: string;
  readonly tables: readonly CassandraTable[];
}

/** What a template would make in Keyspaces. @throws ZodError for a template of another form. */
export function readKeyspace(text: string): CassandraKeyspace {
  const resources = Object.values(template.parse(JSON.parse(text)).Resources);
  const of = (type: string): unknown[] =>
    resources.filter((each) => each.Type === type).map((each) => each.Properties);
  const [{ KeyspaceName: name }] = z
    .tuple([z.object({ KeyspaceName: z.string() })])
    .parse(of('AWS::Cassandra::Keyspace'));
  return { name, tables: of('AWS::Cassandra::Table').map((each) => table.parse(each)) };
}

/** The CQL that makes what Keyspaces would. */
export function renderKeyspace({ name, tables }: CassandraKeyspace): readonly string[] {
  return [
    `CREATE KEYSPACE "${name}" WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}`,
    ...tables.map((each) => renderTable(name, each)),
  ];
}

function renderTable(keyspace: string, definition: CassandraTable): string {
  const { PartitionKeyColumns, ClusteringKeyColumns, RegularColumns } = definition;
  const clustering = ClusteringKeyColumns.map((each) => each.Column);
  const columns = [...PartitionKeyColumns, ...clustering, ...RegularColumns];
  const names = (list: readonly z.infer<typeof column>[]): string =>
    list.map((each) => `"${each.ColumnName}"`).join(', ');
  const key = [`(${names(PartitionKeyColumns)})`, ...(clustering.length > 0 ? [names(clustering)] : [])];
  const order = ClusteringKeyColumns.map((each) => `"${each.Column.ColumnName}" ${each.OrderBy}`).join(', ');
  return (
    `CREATE TABLE "${keyspace}"."${definition.TableName}" (` +
    `${columns.map((each) => `"${each.ColumnName}" ${each.ColumnType}`).join(', ')}, PRIMARY KEY (${key.join(', ')}))` +
    (order === '' ? '' : ` WITH CLUSTERING ORDER BY (${order})`)
  );
}

/** Makes them in the Cassandra that stands for Keyspaces. */
export async function createKeyspace(
  cassandra: { readonly host: string; readonly port: number; readonly datacenter: string },
  keyspace: CassandraKeyspace,
): Promise<void> {
  const client = new Client({
    contactPoints: [`${cassandra.host}:${cassandra.port}`],
    localDataCenter: cassandra.datacenter,
  });
  try {
    await client.connect();
    for (const statement of renderKeyspace(keyspace)) await client.execute(statement);
  } finally {
    await client.shutdown();
  }
}
