import type { DuckDBValue } from '@duckdb/node-api';
import type { Row } from '../../change/change.ts';
import { parseVersion, type Version } from '../../change/version.ts';
import { PolystoreError } from '../../errors.ts';
import { type CatalogColumn, columnOf, isOpaque, termValue } from '../../model/index.ts';
import { conditionColumns, measures } from '../condition-columns.ts';
import { fromDuckdb } from '../duckdb-values.ts';
import { heldColumns, placementName, wantedColumns } from '../placement.ts';
import type { Condition } from '../predicate.ts';
import { sliceShape } from '../slice.ts';
import { quoteName } from '../sql-quote.ts';
import type {
  FilterFragment,
  FilterOrder,
  Placement,
  Selection,
  SliceFragment,
  VersionedRow,
} from '../store.ts';
import { renderAll } from './condition.ts';
import { type DayRange, daysOf } from './days.ts';
import { sortKey } from './decimal.ts';
import { createParameters, type Parameters, type Statement } from './parameters.ts';
import { dayColumn, guardColumns, keyList } from './schema.ts';

/** Which rows of which days, in which order, and how many at most. */
export interface RowsPlan {
  readonly placement: Placement;
  readonly days: DayRange;
  /** The columns of an answer, which end with the version. */
  readonly columns: readonly CatalogColumn[];
  readonly where: readonly Condition[];
  readonly order: readonly FilterOrder[];
  /** Undefined: all. */
  readonly limit: number | undefined;
}

/** @throws `not_supported` for words, or an order by JSON. */
export function planFilter(fragment: FilterFragment): RowsPlan {
  const { placement, where, order, limit } = fragment;
  refuseWords(fragment);
  if (order === 'score') throw noWords(placement);
  const columns = wantedColumns(placement, fragment.columns);
  return { placement, days: daysOf(dayColumn(placement).name, where), columns, where, order, limit };
}

/** @throws `not_supported` as `sliceShape` does. */
export function planSlice(fragment: SliceFragment): RowsPlan {
  const { placement, equal, from, to, limit } = fragment;
  const shape = sliceShape(fragment);
  const day = dayColumn(placement);
  const fixed = termValue('day', equal[day.name] ?? null);
  const equals = Object.entries(equal)
    .filter(([name]) => name !== day.name)
    .map(([name, value]): Condition => {
      const column = columnOf(placement.entity, name);
      return { kind: 'compare', column, operator: '=', value };
    });
  const [first] = shape.sort;
  const bounds = (
    [
      ['>=', from],
      ['<=', to],
    ] as const
  ).flatMap(([operator, value]): Condition[] =>
    first === undefined || value === undefined ? [] : [{ kind: 'compare', column: first, operator, value }],
  );
  // What `equal` fixes to a day orders rows that tie in all else, as their ids do.
  const order = [...shape.sort, day].map(
    (column): FilterOrder => ({
      column,
      descending: fragment.order === 'descending',
      nullsFirst: fragment.order === 'descending',
    }),
  );
  const columns = heldColumns(placement);
  return {
    placement,
    days: { from: fixed, to: fixed },
    columns,
    where: [...equals, ...bounds],
    order,
    limit,
  };
}

/** The rows of a plan that lie in these files, `maxRows` and one more at most. */
export function renderRows(
  { placement, columns, where, order, limit = Number.POSITIVE_INFINITY }: RowsPlan,
  files: readonly string[],
  maxRows: number,
): Statement {
  const parameters = createParameters();
  // Parquet lies in columns: what is neither asked for nor tested is not read at all.
  const tested = conditionColumns(where);
  const read = heldColumns(placement).filter(
    (column) =>
      columns.includes(column) ||
      tested.has(column.name) ||
      order.some((term) => term.column.name === column.name),
  );
  const visible = renderVisible({ placement, columns: read, where, files, parameters });
  const terms = order.map(renderOrder);
  return parameters.statement(
    [
      `select ${selected(columns)} from (${visible})`,
      `where ${renderAll(where, parameters)}`,
      ...(terms.length === 0 ? [] : [`order by ${terms.join(', ')}`]),
      `limit ${Math.min(limit, maxRows + 1)}`,
    ].join(' '),
  );
}

/** The rows with these keys that lie in these files; tombstones too when they are asked for. */
export function renderKeys(
  placement: Placement,
  keys: readonly Row[],
  files: readonly string[],
  tombstones: 'with tombstones' | 'without tombstones',
): Statement {
  const parameters = createParameters();
  const keyColumns = placement.entity.key.map((name) => columnOf(placement.entity, name));
  const columns = tombstones === 'with tombstones' ? keyColumns : heldColumns(placement);
  const lists = keyColumns.map(({ name, type }) => {
    const values = keys.map((key) => key[name] ?? null);
    return `unnest(${parameters.values(type, values)}) as ${quoteName(name)}`;
  });
  const rows = `select ${selected(columns)}, ${guardColumns.deleted.name} from ${renderFiles(files, parameters)} semi join (select ${lists.join(', ')}) using (${keyList(placement)})`;
  const hidden = tombstones === 'with tombstones' ? 'true' : `not ${guardColumns.deleted.name}`;
  return parameters.statement(
    `select ${selected(columns)} from (${highest(placement, rows)}) where ${hidden}`,
  );
}

interface VisibleOptions {
  readonly placement: Placement;
  readonly columns: readonly CatalogColumn[];
  /** Conditions on the key alone are applied before versions are compared, and files passed over by them. */
  readonly where: readonly Condition[];
  readonly files: readonly string[];
  readonly parameters: Parameters;
}

/**
 * The rows that a reader sees: of each key the highest version, unless that is a tombstone. A condition
 * on what may change must come after, or it would bring back what was replaced.
 */
export function renderVisible(options: VisibleOptions): string {
  const { placement, columns, where, files, parameters } = options;
  const stable = where.filter((condition) => isOfKey(placement, condition));
  const rows = `select ${selected(columns)}, ${guardColumns.deleted.name} from ${renderFiles(files, parameters)} where ${renderAll(stable, parameters)}`;
  return `select ${selected(columns)} from (${highest(placement, rows)}) where not ${guardColumns.deleted.name}`;
}

/** Of each key the row with the highest version. Equal versions carry equal content, so either may stay. */
export const highest = (placement: Placement, rows: string): string =>
  `${rows} qualify row_number() over (partition by ${keyList(placement)} order by ${guardColumns.version.name} desc) = 1`;

/** Files of a model that had fewer columns lack them; the first file has all of them and no rows. */
export const renderFiles = (files: readonly string[], parameters: Parameters): string =>
  `read_parquet(${parameters.texts(files)}, union_by_name = true, hive_partitioning = false)`;

const selected = (columns: readonly CatalogColumn[]): string =>
  [...columns.map(({ name }) => quoteName(name)), guardColumns.version.name].join(', ');

const isOfKey = ({ entity }: Placement, condition: Condition): boolean =>
  !measures([condition]) && [...conditionColumns([condition])].every((name) => entity.key.includes(name));

function renderOrder({ column, descending, nullsFirst }: FilterOrder): string {
  if (isOpaque(column.type))
    throw new PolystoreError(
      'not_supported',
      `${column.name} is of type ${column.type.kind}, by which the archive orders nothing.`,
    );
  return `${sortKey(column.type, quoteName(column.name))} ${descending ? 'desc' : 'asc'} nulls ${nullsFirst ? 'first' : 'last'}`;
}

/** Rows of these columns out of an answer, which ends with their version. */
export function rowsOf(
  columns: readonly CatalogColumn[],
  answer: readonly (readonly DuckDBValue[])[],
): readonly VersionedRow[] {
  const versions = answer[columns.length] ?? [];
  return versions.map((version, index) => ({
    row: Object.fromEntries(
      columns.map(({ name, type }, at) => [name, fromDuckdb(type, answer[at]?.[index] ?? null)]),
    ),
    version: parseVersion(String(version)),
  }));
}

/** Keys with their versions out of the columns of an answer. */
export function versionsOf(
  { entity }: Placement,
  answer: readonly (readonly DuckDBValue[])[],
): readonly { readonly key: Row; readonly version: Version }[] {
  const versions = answer[entity.key.length] ?? [];
  return versions.map((version, index) => ({
    key: Object.fromEntries(
      entity.key.map((name, at) => [
        name,
        fromDuckdb(columnOf(entity, name).type, answer[at]?.[index] ?? null),
      ]),
    ),
    version: parseVersion(String(version)),
  }));
}

/** @throws `not_supported`: there is no search engine here. */
export function refuseWords({ placement, match }: Selection): void {
  if (match.length > 0) throw noWords(placement);
}

const noWords = (placement: Placement): PolystoreError =>
  new PolystoreError(
    'not_supported',
    `${placementName(placement)} lies in the archive, which matches no words; an OpenSearch view does.`,
  );
