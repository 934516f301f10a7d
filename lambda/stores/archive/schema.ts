import type { ArchivePlacement, CatalogColumn, FieldType } from '../../model/index.ts';
import { isTextDecimal } from '../duckdb-values.ts';
import { heldColumns, notHeld, placementName } from '../placement.ts';
import { quoteName } from '../sql-quote.ts';
import type { Placement } from '../store.ts';

/** @throws `not_supported` for a placement that the archive does not hold. */
export function archiveView(placement: Placement): ArchivePlacement {
  const { target } = placement;
  if (target.kind === 'archive.parquet') return target;
  throw notHeld('The archive', placement, 'hold');
}

/** Where the files of a view lie: `flight_event/history/`. */
export const viewFolder = (placement: Placement): string =>
  `${placement.entity.name}/${archiveView(placement).name}/`;

/** Where the files of one of its days lie: `flight_event/history/day=2013-01-01/`. */
export const dayFolder = (placement: Placement, day: string): string => `${viewFolder(placement)}day=${day}/`;

/** A column of a file. */
export interface FileColumn {
  readonly name: string;
  /** As DuckDB calls it; Parquet's own follow from it. */
  readonly type: string;
}

/** What a file says of a row besides its values. No column of a model starts with `_`. */
export const guardColumns = {
  /** 19 digits, so that text order is version order. */
  version: { name: '_version', type: 'VARCHAR' },
  /** Whether this is a tombstone; then only the key and the column of the day have values. */
  deleted: { name: '_deleted', type: 'BOOLEAN' },
  /** When the tombstone was written; null for a row. */
  deletedAt: { name: '_deleted_at', type: 'TIMESTAMP WITH TIME ZONE' },
} as const satisfies Readonly<Record<string, FileColumn>>;

/** The columns of the files of a view, in their order. */
export const fileColumns = (placement: Placement): readonly FileColumn[] => [
  ...heldColumns(placement).map(({ name, type }) => ({ name, type: duckdbType(type) })),
  ...Object.values(guardColumns),
];

/** The type that values of a field have in DuckDB and, by what DuckDB makes of it, in Parquet. */
function duckdbType(type: FieldType): string {
  switch (type.kind) {
    case 'text':
    case 'oneOf':
      return 'VARCHAR';
    case 'integer':
      return 'INTEGER';
    case 'bigint':
      return 'BIGINT';
    case 'decimal':
      return isTextDecimal(type) ? 'VARCHAR' : `DECIMAL(${type.precision},${type.scale})`;
    case 'float':
      return 'DOUBLE';
    case 'boolean':
      return 'BOOLEAN';
    case 'timestamp':
      return 'TIMESTAMP WITH TIME ZONE';
    case 'date':
      return 'DATE';
    case 'bytes':
      return 'BLOB';
    case 'json':
      return 'JSON';
  }
}

/** The columns of the key, as a list in SQL. */
export const keyList = ({ entity }: Placement): string => entity.key.map(quoteName).join(', ');

/** The column that says the day of a row. */
export function dayColumn(placement: Placement): CatalogColumn {
  const [{ column }] = archiveView(placement).by;
  const found = heldColumns(placement).find(({ name }) => name === column);
  if (found === undefined) throw new TypeError(`${placementName(placement)} does not hold ${column}`);
  return found;
}
