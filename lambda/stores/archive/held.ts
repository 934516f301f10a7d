import type { DuckDBValue } from '@duckdb/node-api';
import type { Key, Row } from '../../change/change.ts';
import { parseVersion } from '../../change/version.ts';
import { PolystoreError } from '../../errors.ts';
import { columnOf } from '../../model/index.ts';
import { fromDuckdb } from '../duckdb-values.ts';
import { heldColumns, placementName } from '../placement.ts';
import { quoteName } from '../sql-quote.ts';
import type { Placement } from '../store.ts';
import type { HeldRow } from '../view-store.ts';
import { createParameters, type Parameters, type Statement } from './parameters.ts';
import { highest, renderFiles } from './read.ts';
import { guardColumns, keyList } from './schema.ts';

/** Where a page of a view ended: behind a key of a day, or behind all of the day before. */
export interface HeldPosition {
  readonly day: string;
  /** Undefined: the day begins. */
  readonly key: Key | undefined;
}

export const renderPosition = ({ entity }: Placement, { day, key }: HeldPosition): string =>
  JSON.stringify([day, ...(key === undefined ? [] : entity.key.map((name) => key[name] ?? null))]);

/** @throws PolystoreError `invalid_request` for a text that no page gave. */
export function parsePosition(placement: Placement, text: string): HeldPosition {
  const { entity } = placement;
  const refused = new PolystoreError(
    'invalid_request',
    `'${text.slice(0, 80)}' is not where a page of ${placementName(placement)} ended; give the 'next' of the page before, or nothing to begin.`,
  );
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw refused;
  }
  if (!Array.isArray(parsed)) throw refused;
  const [day, ...values]: unknown[] = parsed;
  if (typeof day !== 'string' || !/^\d{4}-\d{2}-\d{2}$/.test(day)) throw refused;
  if (values.length === 0) return { day, key: undefined };
  if (values.length !== entity.key.length || !values.every(isKeyValue)) throw refused;
  return { day, key: Object.fromEntries(entity.key.map((name, at) => [name, values[at] as Row[string]])) };
}

const isKeyValue = (value: unknown): boolean => ['string', 'number', 'boolean'].includes(typeof value);

/**
 * What is held of a day behind a key, in the order of the keys: of each the highest version, tombstones too.
 * @param limit one more than wanted tells whether there are more
 */
export function renderHeld(
  placement: Placement,
  files: readonly string[],
  { after, limit }: { readonly after: Key | undefined; readonly limit: number },
): Statement {
  const parameters = createParameters();
  const columns = heldColumns(placement).map(({ name }) => quoteName(name));
  const rows = [
    `select ${columns.join(', ')}, ${guardColumns.version.name}, ${guardColumns.deleted.name}`,
    `from ${renderFiles(files, parameters)}`,
    ...(after === undefined ? [] : [`where ${renderBehind(placement, after, parameters)}`]),
  ].join(' ');
  return parameters.statement(`${highest(placement, rows)} order by ${keyList(placement)} limit ${limit}`);
}

/** What is behind a key, column by column; the first one's bound lets groups of rows be passed over. */
function renderBehind({ entity }: Placement, after: Key, parameters: Parameters): string {
  const bounds = entity.key.map((name) => ({
    column: quoteName(name),
    value: parameters.value(columnOf(entity, name).type, after[name] ?? null),
  }));
  const behind = bounds.reduceRight(
    (rest, { column, value }) =>
      rest === '' ? `${column} > ${value}` : `(${column} > ${value} or (${column} = ${value} and ${rest}))`,
    '',
  );
  const [first] = bounds;
  return first === undefined ? 'true' : `${first.column} >= ${first.value} and ${behind}`;
}

/** Rows out of the columns of an answer, which ends with their versions and whether they are tombstones. */
export function heldRowsOf(
  placement: Placement,
  day: string,
  answer: readonly (readonly DuckDBValue[])[],
): readonly HeldRow[] {
  const columns = heldColumns(placement);
  const [versions = [], deleted = []] = answer.slice(columns.length);
  const place = JSON.stringify([day]);
  return versions.map((version, index) => {
    const row: Row = Object.fromEntries(
      columns.map(({ name, type }, at) => [name, fromDuckdb(type, answer[at]?.[index] ?? null)]),
    );
    return {
      key: Object.fromEntries(placement.entity.key.map((name) => [name, row[name] ?? null])),
      place,
      version: parseVersion(String(version)),
      row: deleted[index] === true ? undefined : row,
    };
  });
}
