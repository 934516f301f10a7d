import { orUnrecognised, Unrecognised } from '../unrecognised.ts';
import type { CombinedStatement } from './compile.ts';
import type { Relation } from './relation.ts';
import { type FromShape, relationsIn, type SelectShape } from './shape.ts';

/**
 * What the answer to a statement lacks when rows of one of its relations could not be read. Every row of it is, but
 * for nulls in `nullColumns`, a row of the whole answer.
 */
export interface Loss {
  /** Whether rows of the whole answer are not there; else each is, but for its `nullColumns`. */
  readonly absentRows: boolean;
  /** Whether of rows that are alike, or but for their `nullColumns`, there are fewer than in the whole answer. */
  readonly fewerRepeats: boolean;
  /** Places of the answer's columns that are null where their value was not read. */
  readonly nullColumns: ReadonlySet<number>;
}

/** Unrecognised with what would make an answer without these rows say something that is not so. */
export function lossOf(
  { shape, hidden, columns }: Pick<CombinedStatement, 'shape' | 'hidden' | 'columns'>,
  relation: Relation,
): Loss | Unrecognised {
  return orUnrecognised(() => {
    if (hidden.some((one) => relationsIn(one).includes(relation)))
      throw new Unrecognised('it is read by a sub-select that more than the existence of a row is asked of');
    const { rows, repeats, columns: nulls } = selectLoss(shape, relation);
    return {
      absentRows: rows,
      fewerRepeats: repeats,
      nullColumns: new Set([...nulls].filter((index) => index < columns.length)),
    };
  });
}

/** What is lost of the rows of a select or of a `from`. */
interface RowLoss {
  readonly rows: boolean;
  /** Whether rows that are there may be there less often than they should. */
  readonly repeats: boolean;
}

/** Of a select, with the places of its columns that may be null. */
interface SelectLoss extends RowLoss {
  readonly columns: ReadonlySet<number>;
}

/** Of a `from`, with what may be null in it: aliases, or columns of them. */
interface FromLoss extends RowLoss {
  readonly nulls: ReadonlySet<string>;
}

const noLoss = { rows: false, repeats: false, columns: new Set<number>(), nulls: new Set<string>() };

function selectLoss(shape: SelectShape, relation: Relation): SelectLoss {
  if (shape.kind === 'values' || !relationsIn(shape).includes(relation)) return noLoss;
  const loss = shape.kind === 'set' ? setLoss(shape, relation) : plainLoss(shape, relation);
  const { isLimited, hasOffset, order } = shape;
  if (!isLimited && !hasOffset) return loss;
  if (loss.rows && (hasOffset || order !== ''))
    throw new Unrecognised('the first rows are asked for (limit, offset), and some of them may be absent');
  if (loss.repeats)
    throw new Unrecognised('the first rows are asked for (limit, offset), and it may have several for each');
  if (touches(order, loss.nulls))
    throw new Unrecognised('the first rows are asked for (limit, offset) by an order of its columns');
  return loss;
}

function plainLoss(
  shape: Extract<SelectShape, { readonly kind: 'plain' }>,
  relation: Relation,
): SelectLoss & FromLoss {
  const from = fromLoss(shape.from, relation);
  const required = shape.required.map((one) => selectLoss(one, relation));
  if (required.some(({ columns }) => columns.size > 0))
    throw new Unrecognised('its columns are null in a sub-select of where');
  const rows = from.rows || required.some((one) => one.rows);
  const { repeats, nulls } = from;
  if (touches(shape.where, nulls)) throw new Unrecognised('its columns are in a condition of where');
  if (shape.isOfMany && (rows || repeats || touches([shape.grouping, ...shape.outputs].join(' '), nulls)))
    throw new Unrecognised('its rows are counted, grouped or compared with one another');
  if (shape.isDistinctOn && (rows || repeats || nulls.size > 0))
    throw new Unrecognised('one row stands for others (distinct on)');
  const columns = new Set<number>();
  for (const [index, sql] of shape.outputs.entries()) {
    if (!touches(sql, nulls)) continue;
    if (!/^s\d+\.(?:"(?:[^"]|"")*"|c\d+)$/.test(sql))
      throw new Unrecognised('its columns are in an expression that is selected');
    columns.add(index);
  }
  return { rows, repeats, columns, nulls };
}

function setLoss(
  { operation, isAll, left, right }: Extract<SelectShape, { readonly kind: 'set' }>,
  relation: Relation,
): SelectLoss & FromLoss {
  const [a, b] = [selectLoss(left, relation), selectLoss(right, relation)];
  const columns = new Set([...a.columns, ...b.columns]);
  const repeats = a.repeats || b.repeats;
  if (operation !== 'union' && (columns.size > 0 || (isAll && repeats)))
    throw new Unrecognised(`its rows are compared with others (${operation})`);
  if (operation === 'except' && b.rows) throw new Unrecognised('its rows are taken from others (except)');
  return {
    ...{ rows: a.rows || b.rows, repeats, columns },
    nulls: new Set([...columns].map((index) => `c${index}`)),
  };
}

function fromLoss(from: FromShape, relation: Relation): FromLoss {
  switch (from.kind) {
    case 'nothing':
      return noLoss;
    case 'table':
      return { ...noLoss, rows: from.relation === relation };
    case 'derived': {
      const { columns, ...loss } = selectLoss(from.of, relation);
      return { ...loss, nulls: new Set([...columns].map((index) => `${from.alias}.c${index}`)) };
    }
    case 'join':
      return joinLoss(from, relation);
  }
}

function joinLoss(
  { type, left, right, on, isOfEqualColumns, single }: Extract<FromShape, { readonly kind: 'join' }>,
  relation: Relation,
): FromLoss {
  const [a, b] = [fromLoss(left, relation), fromLoss(right, relation)];
  const nulls = new Set([...a.nulls, ...b.nulls]);
  // Rows whose column is null by mistake find no partner, as if there were none for them.
  const unmatched = touches(on, nulls);
  if (unmatched && !isOfEqualColumns)
    throw new Unrecognised('its columns are in a condition of a join other than of equal columns');
  const fillsRight = (type === 'left' || type === 'full') && (b.rows || unmatched);
  const fillsLeft = (type === 'right' || type === 'full') && (a.rows || unmatched);
  if (fillsRight) for (const alias of aliasesOf(right)) nulls.add(alias);
  if (fillsLeft) for (const alias of aliasesOf(left)) nulls.add(alias);
  return {
    rows:
      (a.rows && type !== 'right') ||
      (b.rows && type !== 'left') ||
      // Of a full join two rows stand for the one that is not there.
      (unmatched && (type === 'inner' || type === 'full')),
    repeats: a.repeats || b.repeats || (fillsRight && !single.right) || (fillsLeft && !single.left),
    nulls,
  };
}

/** What rows of nulls have in place of a `from`. @throws Unrecognised for ranks and passages, which have no alias */
function aliasesOf(from: FromShape): readonly string[] {
  switch (from.kind) {
    case 'nothing':
      return [];
    case 'table':
      if (from.relation.matches.length > 0) throw new Unrecognised('its words are matched');
      return [from.alias];
    case 'derived':
      return [from.alias];
    case 'join':
      return [...aliasesOf(from.left), ...aliasesOf(from.right)];
  }
}

/** Whether SQL names what may be null. A text that looks like it counts too, which only refuses more. */
const touches = (sql: string, nulls: ReadonlySet<string>): boolean =>
  [...nulls].some((name) => new RegExp(`\\b${name.replace('.', '\\.')}\\b`).test(sql));
