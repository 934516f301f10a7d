import type { Row } from '../../change/change.ts';
import { PolystoreError } from '../../errors.ts';
import { columnOf } from '../../model/index.ts';
import { heldColumns, placementName, viewOf } from '../placement.ts';
import type { Placement } from '../store.ts';
import type { Buckets, DigestRequest } from '../view-store.ts';
import { columnType } from './column-type.ts';
import { qualified, quoteName, quoteText, type TableName, tableName } from './names.ts';
import { renderRowId, renderRowJson } from './row-text.ts';
import { unexpired } from './unexpired.ts';
import { toText } from './value-text.ts';
import type { Statement } from './write.ts';

/** A page in the order of the primary key, which is its index. */
interface PageOptions {
  readonly after: string | undefined;
  readonly limit: number;
  /** A part of the table. Default: all of it. */
  readonly from?: TableName;
}

/** How many rows a page has at most, whatever is asked. */
const maxPage = 10_000;

export const pageSize = (limit: number): number => Math.min(Math.max(1, Math.trunc(limit)), maxPage);

/** The rows of one page, as a query named `page`, and its parameters. */
function renderPage(table: Placement, { after, limit, from = tableName(table) }: PageOptions): Statement {
  const columns = table.entity.key.map((name) => columnOf(table.entity, name));
  const names = columns.map(({ name }) => `t.${quoteName(name)}`);
  const params = after === undefined ? [] : parseAfter(table, after);
  const bounds = columns.map(({ type }, index) => `$${index + 1}::${columnType(type)}`);
  return {
    text: `page as materialized (
  select t.* from ${qualified(from)} as t
  ${after === undefined ? '' : `where (${names.join(', ')}) > (${bounds.join(', ')})`}
  order by ${names.join(', ')} limit ${pageSize(limit)})`,
    params,
  };
}

/** Where the next page begins: after this row. */
export const renderAfter = ({ entity }: Placement, row: Row): string =>
  JSON.stringify(entity.key.map((name) => toText(columnOf(entity, name).type, row[name])));

function parseAfter(placement: Placement, after: string): readonly string[] {
  const { key } = placement.entity;
  const parsed = parseJson(after);
  if (
    Array.isArray(parsed) &&
    parsed.length === key.length &&
    parsed.every((part) => typeof part === 'string')
  )
    return parsed;
  throw new PolystoreError(
    'invalid_request',
    `${placementName(placement)} was asked for the page after '${after.slice(0, 80)}'; give the \`next\` of the page before, or begin anew`,
  );
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/**
 * The rows of a page: the columns of the placement, of a view its version and whether it is a tombstone, whether
 * the row is wanted, and how many rows the page has. The last row is there in any case: the next page begins
 * after it.
 */
export function renderScan(
  placement: Placement,
  { buckets, ...page }: PageOptions & { readonly buckets: Buckets | undefined },
): Statement {
  const { text, params } = renderPage(placement, page);
  const isView = placement.target.kind === 'aurora.table';
  const keys = placement.entity.key.map((name) => `t.${quoteName(name)}`).join(', ');
  const columns = [
    ...heldColumns(placement).map(({ name }) => quoteName(name)),
    ...(isView ? ['_version', '_deleted'] : []),
  ];
  const wanted =
    buckets === undefined
      ? 'true'
      : `polystore.bucket(${renderRowId(placement)}, ${buckets.of}) = any(${bucketList(buckets.only)})`;
  return {
    text: `with ${text}
select ${columns.join(', ')}, _wanted, _count from (
  select t.*, ${wanted} as _wanted, count(*) over () as _count, row_number() over (order by ${keys}) as _place from page as t
) as numbered where _wanted or _place = _count order by _place`,
    params,
  };
}

const bucketList = (buckets: ReadonlySet<number>): string =>
  `${quoteText(`{${[...buckets].map((bucket) => Math.trunc(bucket)).join(',')}}`)}::bigint[]`;

/**
 * Digests of a page: a row for each bucket (number, count, sum), then one with how many rows the page has and
 * the key of its last.
 *
 * @param table where the rows lie: the view itself, or the source of its entity, of which a view shows a part
 */
export function renderDigest(
  { placement, buckets, only, versions, after, limit }: DigestRequest,
  { table, nowMs }: { readonly table: Placement; readonly nowMs: number },
): Statement {
  const page = renderPage(table, { after, limit });
  const isView = table.target.kind === 'aurora.table';
  const keyOrder = table.entity.key.map((name) => `t.${quoteName(name)} desc`).join(', ');
  const keyTexts = table.entity.key.map((name) => `t.${quoteName(name)}::text`).join(', ');
  const version = versions ? "lpad(t._version::text, 19, '0')" : "''";
  const visible = [...(isView ? ['not t._deleted'] : []), ...shownOnly(placement, nowMs)];
  return {
    text: `with ${page.text},
hashed as materialized (
  select polystore.bucket(i.id, ${buckets}) as bucket, i.id || E'\\n' || i.version || E'\\n' || i.row as text
  from (select ${renderRowId(placement)} as id, ${version} as version, ${renderRowJson(heldColumns(placement))} as row
    from page as t ${visible.length === 0 ? '' : `where ${visible.join(' and ')}`}) as i)
select bucket::text, count(*)::text, mod(sum(polystore.row_hash(text)), ${2n ** 52n})::text
from hashed ${only === undefined ? '' : `where bucket = any(${bucketList(only)})`} group by bucket
union all
select null, (select count(*) from page)::text, (select json_build_array(${keyTexts})::text from page as t order by ${keyOrder} limit 1)`,
    params: page.params,
  };
}

/** What a view shows of its source's rows: those that have not expired, and have a place (`hasPlace`, `expiryOf`). */
function shownOnly(placement: Placement, nowMs: number): readonly string[] {
  const view = viewOf(placement);
  const conditions = [...unexpired(placement, nowMs)];
  if (view?.kind === 'redis.sortedSet') conditions.push(`t.${quoteName(view.score)} is not null`);
  if (view?.kind === 'redis.geo')
    conditions.push(...[view.latitude, view.longitude].map((column) => `t.${quoteName(column)} is not null`));
  if (view?.kind === 'keyspaces.table')
    conditions.push(...view.by.map(({ column }) => `t.${quoteName(column)} is not null`));
  return conditions;
}
