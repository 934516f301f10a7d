import type { Change, Row } from '../../change/change.ts';
import { renderVersion, type Version } from '../../change/version.ts';
import { columnOf } from '../../model/index.ts';
import { quoteName } from '../sql-quote.ts';
import type { Placement } from '../store.ts';
import type { Repair } from '../view-store.ts';
import { createParameters, type Parameters, type Statement } from './parameters.ts';
import { renderFiles } from './read.ts';
import { fileColumns, guardColumns, keyList } from './schema.ts';

/** Versions of a key that are void: those from the one that is right up to the one that was found to be wrong. */
interface VoidRange {
  readonly key: Row;
  readonly lowest: Version;
  readonly highest: Version;
}

/** Whether a repair is no more than a higher version, which a file beside the others says. */
export const isHigher = ({ change, held }: Repair): boolean => held === undefined || change.version > held;

const voidRanges = (repairs: readonly Repair[]): readonly VoidRange[] =>
  repairs.flatMap(({ change, held }) =>
    held === undefined ? [] : [{ key: change.key, lowest: change.version, highest: held }],
  );

/** Which of the files, by their paths, hold rows that repairs make void. */
export function renderVoidFiles(
  placement: Placement,
  repairs: readonly Repair[],
  files: readonly string[],
): Statement {
  const parameters = createParameters();
  const source = `read_parquet(${parameters.texts(files)}, union_by_name = true, hive_partitioning = false, filename = true)`;
  return parameters.statement(
    `select distinct f.filename from ${source} f semi join ${renderVoid(placement, repairs, parameters)} v on ${onVoid(placement, 'f')}`,
  );
}

/**
 * The rows of some files without those that repairs make void, and beside them what is right.
 * @param right a file with the rows and tombstones of the repairs, after one with all columns and no rows
 */
export function renderRepaired(
  placement: Placement,
  repairs: readonly Repair[],
  { inputs, right }: { readonly inputs: readonly string[]; readonly right: readonly string[] },
): Statement {
  const parameters = createParameters();
  const columns = fileColumns(placement).map(({ name }) => quoteName(name));
  const kept = columns.map((column) => `f.${column}`).join(', ');
  const empty = right.slice(0, 1);
  const stays = `select ${kept} from ${renderFiles([...empty, ...inputs], parameters)} f anti join ${renderVoid(placement, repairs, parameters)} v on ${onVoid(placement, 'f')}`;
  const comes = `select ${columns.join(', ')} from ${renderFiles(right, parameters)}`;
  return parameters.statement(
    `select * from ((${stays}) union all (${comes})) order by ${keyList(placement)}`,
  );
}

function renderVoid(placement: Placement, repairs: readonly Repair[], parameters: Parameters): string {
  const ranges = voidRanges(repairs);
  const keys = placement.entity.key.map((name) => {
    const { type } = columnOf(placement.entity, name);
    return `unnest(${parameters.values(
      type,
      ranges.map(({ key }) => key[name] ?? null),
    )}) as ${quoteName(name)}`;
  });
  const lowest = parameters.texts(ranges.map((range) => renderVersion(range.lowest)));
  const highest = parameters.texts(ranges.map((range) => renderVersion(range.highest)));
  return `(select ${keys.join(', ')}, unnest(${lowest}) as _from, unnest(${highest}) as _to)`;
}

const onVoid = ({ entity }: Placement, rows: string): string =>
  [
    ...entity.key.map((name) => `${rows}.${quoteName(name)} = v.${quoteName(name)}`),
    `${rows}.${guardColumns.version.name} between v._from and v._to`,
  ].join(' and ');

/** What repairs write, in words that differ when it does: it makes the name of a file. */
export const repairTexts = (repairs: readonly Repair[]): readonly string[] =>
  repairs.map(({ change, held }) => JSON.stringify([textOf(change), held === undefined ? '' : String(held)]));

const textOf = (change: Change): readonly unknown[] => [
  change.key,
  String(change.version),
  change.kind === 'upsert' ? change.row : (change.before ?? null),
];
