import {
  type CatalogEntity,
  type CatalogTerm,
  columnOf,
  type KeyspacesTablePlacement,
  type WideColumn,
  type WideTable,
} from './catalog.ts';
import type { FieldType } from './fields.ts';

/** Columns of wide tables that are none of the entity's. */
export const wideColumns = {
  /** Which of the partitions that a partition was parted into: 0 to `subBuckets` − 1. */
  subBucket: 'sub_bucket',
  /** The version as 19 digits; the last of the clustering columns, highest first. */
  version: 'version',
  /** True on a tombstone. */
  deleted: 'deleted',
  /** Milliseconds since the epoch from which readers hide the row; null: never. */
  expires: 'expires_ms',
} as const;

/** Columns of the table of a rollup. */
export const rollupColumns = {
  tenant: 'tenant',
  metric: 'metric',
  month: 'month',
  hour: 'hour',
  /** Of rows that count; of a measured column, those that have a value. Null: no row counts at all. */
  count: 'row_count',
  sum: 'total',
  minimum: 'lowest',
  maximum: 'highest',
  /** Of the rows that count and their versions: where it is the same, nothing has changed. */
  fingerprint: 'fingerprint',
  /** Compared and set with every write of the bucket. */
  revision: 'revision',
} as const;

/** Columns of the table of what is known of the views: their builds, and how far each has got. */
export const stateColumns = {
  /** Of what: `builds flight_event.by_time`. */
  name: 'name',
  /** Of the progress: a topic with its partition. */
  part: 'part',
  /** Compared and set. */
  value: 'value',
} as const;

/** No table of a view is called so, for theirs hold `__`. */
const stateTable: WideTable = {
  name: 'view_state',
  entity: '',
  view: '',
  partitionKey: [{ name: stateColumns.name, type: 'text' }],
  clustering: [{ name: stateColumns.part, type: 'text', descending: false }],
  columns: [{ name: stateColumns.value, type: 'text' }],
};

/** Lays the views in Keyspaces out as tables, one a view, and last one of what is known of them. */
export function compileWideTables(entities: readonly CatalogEntity[]): readonly WideTable[] {
  const tables = viewTables(entities);
  return tables.length === 0 ? [] : [...tables, stateTable];
}

function viewTables(entities: readonly CatalogEntity[]): readonly WideTable[] {
  return entities.flatMap((entity) =>
    entity.views.flatMap((view): readonly WideTable[] => {
      const base = { name: `${entity.name}__${snake(view.name)}`, entity: entity.name, view: view.name };
      if (view.kind === 'keyspaces.table') return [{ ...base, ...tableOf(entity, view) }];
      return view.kind === 'keyspaces.rollup' ? [{ ...base, ...rollupTable }] : [];
    }),
  );
}

const snake = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** The column that holds a term: the entity's own, or `scheduled_at_day`. */
export const termColumn = ({ column, unit }: CatalogTerm): string =>
  unit === 'value' ? column : `${column}_${unit}`;

function tableOf(
  entity: CatalogEntity,
  view: KeyspacesTablePlacement,
): Pick<WideTable, 'partitionKey' | 'clustering' | 'columns'> {
  const wide = (name: string): WideColumn => ({ name, type: wideType(columnOf(entity, name).type) });
  const known = (name: string): boolean => entity.columns.some((column) => column.name === name);
  const partitionKey = view.by
    .filter(({ column }) => known(column))
    .map((term) =>
      term.unit === 'value' ? wide(term.column) : { name: termColumn(term), type: 'text' as const },
    );
  const fixed = new Set(partitionKey.map(({ name }) => name));
  const order = [...new Set([view.order.column, ...entity.key])].filter(
    (name) => known(name) && !fixed.has(name),
  );
  const clustering = order.map((name) => ({ ...wide(name), descending: view.order.descending }));
  const placed = new Set([...fixed, ...order]);
  return {
    partitionKey: [...partitionKey, { name: wideColumns.subBucket, type: 'int' }],
    clustering: [...clustering, { name: wideColumns.version, type: 'text', descending: true }],
    columns: [
      ...view.columns.filter((name) => !placed.has(name)).map(wide),
      { name: wideColumns.deleted, type: 'boolean' },
      { name: wideColumns.expires, type: 'bigint' },
    ],
  };
}

const rollupTable: Pick<WideTable, 'partitionKey' | 'clustering' | 'columns'> = {
  partitionKey: [
    { name: rollupColumns.tenant, type: 'text' },
    { name: rollupColumns.metric, type: 'text' },
    { name: rollupColumns.month, type: 'text' },
  ],
  clustering: [{ name: rollupColumns.hour, type: 'text', descending: true }],
  columns: [
    { name: rollupColumns.count, type: 'bigint' },
    { name: rollupColumns.sum, type: 'bigint' },
    { name: rollupColumns.minimum, type: 'int' },
    { name: rollupColumns.maximum, type: 'int' },
    { name: rollupColumns.fingerprint, type: 'text' },
    { name: rollupColumns.revision, type: 'bigint' },
  ],
};

function wideType(type: FieldType): WideColumn['type'] {
  switch (type.kind) {
    case 'integer':
      return 'int';
    case 'bigint':
      return 'bigint';
    case 'decimal':
      return 'decimal';
    case 'float':
      return 'double';
    case 'boolean':
      return 'boolean';
    case 'text':
    case 'oneOf':
    case 'timestamp':
    case 'date':
    case 'json':
      return 'text';
    case 'bytes':
      return 'blob';
  }
}
