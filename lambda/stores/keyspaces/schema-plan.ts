import type { WideColumn, WideTable } from '../../model/index.ts';

/** A column as `system_schema.columns` tells it. */
export interface CurrentColumn {
  readonly table: string;
  readonly name: string;
  readonly kind: 'partition_key' | 'clustering' | 'regular' | 'static';
  /** Of the key's columns, from 0; −1 of others. */
  readonly position: number;
  readonly type: string;
  /** Of clustering columns. */
  readonly descending: boolean;
}

/** What a keyspace lacks, and what in it is another thing than the model says. */
export interface SchemaPlan {
  readonly missingTables: readonly WideTable[];
  readonly missingColumns: readonly { readonly table: WideTable; readonly column: WideColumn }[];
  /** Differences that no statement can mend without losing rows, each a sentence. */
  readonly problems: readonly string[];
}

/** Compares the tables of a model with those of a keyspace. Columns and tables beyond the model's may stay. */
export function planSchema(tables: readonly WideTable[], current: readonly CurrentColumn[]): SchemaPlan {
  const heldBy = (table: WideTable): readonly CurrentColumn[] =>
    current.filter((column) => column.table === table.name);
  const held = tables.filter((table) => heldBy(table).length > 0);
  return {
    missingTables: tables.filter((table) => heldBy(table).length === 0),
    missingColumns: held.flatMap((table) =>
      table.columns
        .filter((column) => !heldBy(table).some(({ name }) => name === column.name))
        .map((column) => ({ table, column })),
    ),
    problems: held.flatMap((table) => problemsOf(table, heldBy(table))),
  };
}

function problemsOf(table: WideTable, held: readonly CurrentColumn[]): readonly string[] {
  const keyOf = (kind: CurrentColumn['kind']): string =>
    held
      .filter((column) => column.kind === kind)
      .sort((a, b) => a.position - b.position)
      .map((column) => sayColumn(column, column.descending))
      .join(', ');
  const keys = [
    {
      what: 'partition key',
      is: keyOf('partition_key'),
      wanted: table.partitionKey.map((column) => sayColumn(column)),
    },
    {
      what: 'clustering',
      is: keyOf('clustering'),
      wanted: table.clustering.map((column) => sayColumn(column, column.descending)),
    },
  ]
    .filter(({ is, wanted }) => is !== wanted.join(', '))
    .map(
      ({ what, is, wanted }) =>
        `the ${what} of ${table.name} is (${is}) and the model wants (${wanted.join(', ')})`,
    );
  const columns = table.columns.flatMap(({ name, type }) => {
    const found = held.find((column) => column.name === name);
    if (found === undefined || (found.kind === 'regular' && found.type === type)) return [];
    return [
      `${table.name}.${name} is a ${found.kind} column of type ${found.type} and the model wants ${type}`,
    ];
  });
  return [...keys, ...columns];
}

const sayColumn = (
  { name, type }: Pick<WideColumn, 'name' | 'type'> | CurrentColumn,
  descending = false,
): string => `${name} ${type}${descending ? ' descending' : ''}`;
