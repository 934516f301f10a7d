import type { Row } from '../../change/change.ts';
import { parseVersion, type Version } from '../../change/version.ts';
import { type CatalogColumn, columnOf } from '../../model/index.ts';
import { heldColumns } from '../placement.ts';
import type { SliceShape } from '../slice.ts';
import type { KeysFragment, Placement, SliceFragment, VersionedRow } from '../store.ts';
import { columnType } from './column-type.ts';
import { qualified, quoteName, tableName } from './names.ts';
import type { RawRow } from './result.ts';
import { unexpired } from './unexpired.ts';
import { fromText, toText } from './value-text.ts';
import type { Statement } from './write.ts';

const isView = ({ target }: Placement): boolean => target.kind === 'aurora.table';

/** The placement's columns, and in a view the version, of the table `t`. */
const selectList = (placement: Placement): string =>
  [
    ...heldColumns(placement).map(({ name }) => `t.${quoteName(name)}`),
    ...(isView(placement) ? ['t._version'] : []),
  ].join(', ');

/** Keys as a table `k` of text, joined to the table `t` by the types of the columns. */
function joinKeys(placement: Placement, keys: readonly Row[], join: string): Statement {
  const columns = placement.entity.key.map((name) => columnOf(placement.entity, name));
  const arrays = columns.map((_, index) => `$${index + 1}::text[]`);
  const names = columns.map(({ name }) => quoteName(name));
  const on = columns.map(
    ({ name, type }) => `t.${quoteName(name)} = k.${quoteName(name)}::${columnType(type)}`,
  );
  return {
    text: `from unnest(${arrays.join(', ')}) with ordinality as k (${names.join(', ')}, _ordinal)
${join} ${qualified(tableName(placement))} as t on ${on.join(' and ')}`,
    params: columns.map(({ name, type }) => keys.map((key) => toText(type, key[name]))),
  };
}

/** What makes a row one that readers see. */
const shown = (placement: Placement, nowMs: number): readonly string[] =>
  isView(placement) ? ['not t._deleted', ...unexpired(placement, nowMs)] : [];

const where = (conditions: readonly string[]): string =>
  conditions.length === 0 ? '' : `where ${conditions.join(' and ')}`;

export function renderKeysRead({ placement, keys }: KeysFragment, nowMs: number): Statement {
  const { text, params } = joinKeys(placement, keys, 'join');
  return {
    text: `select distinct ${selectList(placement)} ${text} ${where(shown(placement, nowMs))}`,
    params,
  };
}

/** One row for each key, in their order: the version as text, or null. */
export function renderVersionsRead(placement: Placement, keys: readonly Row[]): Statement {
  const { text, params } = joinKeys(placement, keys, 'left join');
  return { text: `select t._version ${text} order by k._ordinal`, params };
}

export function renderSliceRead(fragment: SliceFragment, { sort }: SliceShape, nowMs: number): Statement {
  const { placement, equal, from, to, order, limit } = fragment;
  const params: (string | null)[] = [];
  const conditions = [...shown(placement, nowMs)];
  const compare = ({ name, type }: CatalogColumn, operator: string, value: Row[string]): void => {
    params.push(toText(type, value));
    conditions.push(`t.${quoteName(name)} ${operator} $${params.length}::${columnType(type)}`);
  };
  for (const [name, value] of Object.entries(equal)) compare(columnOf(placement.entity, name), '=', value);
  const [first] = sort;
  if (first !== undefined && from !== undefined) compare(first, '>=', from);
  if (first !== undefined && to !== undefined) compare(first, '<=', to);
  const direction = order === 'ascending' ? 'asc' : 'desc';
  const by = sort.map(({ name }) => `t.${quoteName(name)} ${direction}`);
  return {
    text: [
      `select ${selectList(placement)} from ${qualified(tableName(placement))} as t`,
      where(conditions),
      by.length === 0 ? '' : `order by ${by.join(', ')}`,
      limit === undefined ? '' : `limit ${Math.max(0, Math.trunc(limit))}`,
    ].join(' '),
    params,
  };
}

/** What the reads above return, as rows. */
export function parseRows(placement: Placement, rows: readonly RawRow[]): readonly VersionedRow[] {
  const { length } = heldColumns(placement);
  return rows.map((raw) => ({
    row: parseRow(placement, raw),
    version: isView(placement) ? versionOf(raw[length]) : undefined,
  }));
}

/** A row whose first columns are those of the placement. */
export const parseRow = (placement: Placement, raw: RawRow): Row =>
  Object.fromEntries(
    heldColumns(placement).map(({ name, type }, index) => [name, fromText(type.kind, raw[index] ?? null)]),
  );

/** A version as a bigint column gives it: without leading zeros. */
export const versionOf = (text: string | null | undefined): Version | undefined =>
  text === null || text === undefined ? undefined : parseVersion(text.padStart(19, '0'));
