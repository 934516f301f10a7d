import { type CatalogEntity, isOpaque } from '../../model/index.ts';
import type { Condition } from '../../stores/predicate.ts';
import { quoteName } from '../../stores/sql-quote.ts';
import { readCondition } from '../read-condition.ts';
import { readMatch } from '../read-match.ts';
import { conjuncts, conjunctsOf } from '../select-clauses.ts';
import { asNode, bodyOf, type NodeBody, stringsOf, unwrap } from '../tree-node.ts';
import { Unrecognised, unlessUnrecognised } from '../unrecognised.ts';
import { compileCondition } from './compile-expression.ts';
import type { Compiler, Context, NamedQuery } from './compiler.ts';
import { typed } from './expression.ts';
import { alike } from './operators.ts';
import { narrow, type Relation, useColumn } from './relation.ts';
import { resolveColumn, type Scope, type Source, type SourceColumn } from './scope.ts';
import type { FromShape, SelectShape } from './shape.ts';
import { typeOfColumn } from './sql-type.ts';

/** What a `from` clause, or a part of it, reads. */
export interface From {
  readonly sql: string;
  readonly sources: readonly Source[];
  readonly merged: readonly SourceColumn[];
  /** Entities that it reads without a sub-select between. */
  readonly relations: readonly Relation[];
  readonly shape: FromShape;
}

export interface FromContext {
  readonly compiler: Compiler;
  readonly outer: Scope | undefined;
  readonly queries: ReadonlyMap<string, NamedQuery>;
  /** Whether the select only adds up, so that groups of rows do. @default - it does not */
  readonly addsUp?: boolean;
  /** Whether it only matters which rows the select has, and not how often: `exists (…)`, `… = any (…)`. @default false */
  readonly isTested?: boolean | undefined;
}

/** Compiles a `from` clause: its items are crossed. */
export function compileFrom(items: readonly unknown[], context: FromContext): From {
  const parts = items.map((item) => compileItem(item, context));
  const [first, ...others] = parts.map(({ shape }) => shape);
  return {
    sql: parts.map(({ sql }) => sql).join(' CROSS JOIN '),
    sources: parts.flatMap(({ sources }) => sources),
    merged: parts.flatMap(({ merged }) => merged),
    relations: parts.flatMap(({ relations }) => relations),
    shape: others.reduce<FromShape>(crossed, first ?? { kind: 'nothing' }),
  };
}

const crossed = (left: FromShape, right: FromShape): FromShape => ({
  ...{ kind: 'join', type: 'inner', left, right },
  ...{ on: '', isOfEqualColumns: true, single: { left: false, right: false } },
});

function compileItem(item: unknown, context: FromContext): From {
  const [type, body] = unwrap(item);
  switch (type) {
    case 'RangeVar':
      return compileTable(body, context);
    case 'RangeSubselect':
      return compileSubselect(body, context);
    case 'JoinExpr':
      return compileJoin(body, context);
    default:
      throw new Unrecognised(`${type} in from`);
  }
}

function compileTable(body: NodeBody, context: FromContext): From {
  const name = String(body.relname);
  const alias = bodyOf(body.alias);
  if (alias.colnames !== undefined) throw new Unrecognised('a table whose columns are renamed');
  const known = String(alias.aliasname ?? name);
  const query = context.queries.get(name);
  if (query !== undefined) return derived(query.table, known, query, context);
  const entity = context.compiler.entities.find((candidate) => candidate.name === name);
  if (entity === undefined) throw new Unrecognised(`the table ${name}`);
  return readEntity(entity, known, context);
}

function readEntity(entity: CatalogEntity, known: string, { compiler, addsUp = false }: FromContext): From {
  const isGrouped = addsUp && !compiler.ungrouped.has(compiler.relations.length);
  const table = compiler.fresh('r');
  const alias = compiler.fresh('s');
  const relation: Relation = {
    table,
    alias,
    entity,
    used: new Map(),
    conditions: [],
    matches: [],
    isOptional: false,
    top: undefined,
    grouping: isGrouped ? { buckets: new Map(), totals: new Map() } : undefined,
  };
  compiler.relations.push(relation);
  const columns = entity.columns.map(
    (column): SourceColumn => ({
      name: column.name,
      refer: () => {
        useColumn(relation, column);
        return { ...typed(`${alias}.${quoteName(column.name)}`, typeOfColumn(column)), isColumn: true };
      },
      of: { relation, column },
      among: { relation, column },
    }),
  );
  return {
    sql: `${relation.table} AS ${alias}`,
    sources: [{ known, columns }],
    merged: [],
    relations: [relation],
    shape: { kind: 'table', alias, relation },
  };
}

/** Columns of a CTE or a sub-select: `c0`, `c1`, … */
function derived(
  table: string,
  known: string,
  { columns, shape }: Pick<NamedQuery, 'columns' | 'shape'>,
  { compiler }: FromContext,
): From {
  const alias = compiler.fresh('s');
  return {
    sql: `${table} AS ${alias}`,
    sources: [
      {
        known,
        columns: columns.map(({ name, type, isColumn, among }, index) => ({
          name,
          refer: () => ({ ...typed(`${alias}.c${index}`, type), isColumn }),
          ...(among !== undefined && { among }),
        })),
      },
    ],
    merged: [],
    relations: [],
    shape: { kind: 'derived', alias, of: shape },
  };
}

function compileSubselect({ lateral, subquery, alias }: NodeBody, context: FromContext): From {
  if (lateral === true) throw new Unrecognised('lateral');
  const { sql, columns, shape } = context.compiler.select(subquery, context.outer, context.queries);
  const { aliasname, colnames } = bodyOf(alias);
  const named = { columns: renamed(columns, stringsOf(colnames)), shape };
  return derived(`(${sql})`, String(aliasname ?? ''), named, context);
}

/** Columns under the names of an alias, which may have fewer. */
export function renamed<C extends { readonly name: string }>(
  columns: readonly C[],
  names: readonly string[],
): readonly C[] {
  if (names.length > columns.length)
    throw new Unrecognised('an alias with more names than there are columns');
  return columns.map((column, index) => ({ ...column, name: names[index] ?? column.name }));
}

const joins = {
  JOIN_INNER: 'inner',
  JOIN_LEFT: 'left',
  JOIN_RIGHT: 'right',
  JOIN_FULL: 'full',
} as const;

function compileJoin(body: NodeBody, context: FromContext): From {
  const kind = String(body.jointype);
  const type = Object.hasOwn(joins, kind) ? joins[kind as keyof typeof joins] : undefined;
  if (type === undefined || body.alias !== undefined || body.join_using_alias !== undefined)
    throw new Unrecognised('a join with an alias');
  const [left, right] = [compileItem(body.larg, context), compileItem(body.rarg, context)];
  const both = { sources: [...left.sources, ...right.sources], merged: [...left.merged, ...right.merged] };
  const relations = [...left.relations, ...right.relations];
  const shared = body.isNatural === true ? commonNames(left, right) : stringsOf(body.usingClause);
  const scope: Scope = { ...both, outer: context.outer };
  const narrowed =
    kind === 'JOIN_INNER'
      ? relations
      : kind === 'JOIN_LEFT'
        ? right.relations
        : kind === 'JOIN_RIGHT'
          ? left.relations
          : [];
  const equal: SourceColumn[] = [];
  let on = 'TRUE';
  let merged = both.merged;
  if (shared.length > 0) {
    const pairs = shared.map((name) => mergeColumns(name, left, right, kind, context));
    on = pairs.map(({ sql }) => sql).join(' AND ');
    merged = [
      ...pairs.map(({ column }) => column),
      ...both.merged.filter(({ name }) => !shared.includes(name)),
    ];
    for (const pair of pairs) addEdges(pair.left, pair.right, narrowed, context.compiler);
    equal.push(...pairs.flatMap((pair) => betweenTwo(pair.left, pair.right)));
  } else if (body.quals !== undefined) {
    on = compileConjuncts(body.quals, narrowed, { ...context, scope, grouped: [], windows: new Map() });
    for (const part of conjunctsOf(body.quals))
      equal.push(...betweenTwo(...(columnsOfEquality(part, scope) ?? [])));
  }
  if (kind === 'JOIN_LEFT' || kind === 'JOIN_FULL')
    for (const relation of right.relations) relation.isOptional = true;
  if (kind === 'JOIN_RIGHT' || kind === 'JOIN_FULL')
    for (const relation of left.relations) relation.isOptional = true;
  const isOfEqualColumns =
    shared.length > 0 ||
    conjunctsOf(body.quals).every((part) => columnsOfEquality(part, scope) !== undefined);
  const single = { left: isByKey(left.shape, equal), right: isByKey(right.shape, equal) };
  return {
    ...{ sources: both.sources, merged, relations },
    sql: `(${left.sql} ${type.toUpperCase()} JOIN ${right.sql} ON ${on})`,
    shape: { kind: 'join', type, left: left.shape, right: right.shape, on, isOfEqualColumns, single },
  };
}

/** Both columns of `a = b`; undefined for what is none. */
function columnsOfEquality(
  condition: unknown,
  scope: Scope,
): readonly [SourceColumn, SourceColumn] | undefined {
  const { kind, name, lexpr, rexpr } = asNode(condition, 'A_Expr') ?? {};
  if (kind !== 'AEXPR_OP' || stringsOf(name)[0] !== '=') return undefined;
  const [a, b] = [lexpr, rexpr].map((side) =>
    asNode(side, 'ColumnRef') === undefined
      ? undefined
      : unlessUnrecognised(() => resolveColumn(side, scope)),
  );
  return a === undefined || b === undefined ? undefined : [a, b];
}

/** Two columns that equal one another; a table's own fix no row of it. */
const betweenTwo = (...columns: readonly SourceColumn[]): readonly SourceColumn[] =>
  columns[0]?.of !== undefined && columns[0].of.relation === columns[1]?.of?.relation ? [] : columns;

/** Whether columns that equal others are the whole key of a table. */
const isByKey = (shape: FromShape, equal: readonly SourceColumn[]): boolean =>
  shape.kind === 'table' &&
  shape.relation.entity.key.every((name) =>
    equal.some(({ of }) => of?.relation === shape.relation && of.column.name === name),
  );

const commonNames = (left: From, right: From): readonly string[] => {
  const names = new Set(right.sources.flatMap(({ columns }) => columns.map(({ name }) => name)));
  return [...new Set(left.sources.flatMap(({ columns }) => columns.map(({ name }) => name)))].filter((name) =>
    names.has(name),
  );
};

interface MergedColumn {
  readonly sql: string;
  readonly column: SourceColumn;
  readonly left: SourceColumn;
  readonly right: SourceColumn;
}

/** The column that `using (name)` makes of one on either side. */
function mergeColumns(
  name: string,
  left: From,
  right: From,
  kind: string,
  { outer }: FromContext,
): MergedColumn {
  const node = { ColumnRef: { fields: [{ String: { sval: name } }] } };
  const find = ({ sources, merged }: From): SourceColumn => resolveColumn(node, { sources, merged, outer });
  const [a, b] = [find(left), find(right)];
  const [x, y] = alike(a.refer(), b.refer());
  const refer = (): ReturnType<SourceColumn['refer']> => {
    if (kind === 'JOIN_RIGHT') return b.refer();
    const [first, second] = [a.refer(), b.refer()];
    if (kind !== 'JOIN_FULL') return first;
    const [one, other] = alike(first, second);
    return typed(`coalesce(${one.sql}, ${other.sql})`, one.type);
  };
  const among = kind === 'JOIN_RIGHT' ? b.among : kind === 'JOIN_FULL' ? undefined : a.among;
  return {
    sql: `(${x.sql} = ${y.sql})`,
    column: { name, refer, ...(among !== undefined && { among }) },
    left: a,
    right: b,
  };
}

/**
 * Compiles conditions that all must be true, and narrows by them what is read; those that its placement applies are not
 * applied again.
 *
 * @param narrowed relations of which a row that does not meet them cannot matter
 * @param required takes the sub-selects that they require a row of; without it there are none
 */
export function compileConjuncts(
  node: unknown,
  narrowed: readonly Relation[],
  context: Context,
  required?: SelectShape[],
): string {
  const parts = conjunctsOf(node).flatMap((part) => {
    if (takeMatch(part, narrowed, context)) return [];
    const isMet = narrowBy(part, narrowed, context);
    if (isMet) return [];
    return [
      required === undefined ? compileCondition(part, context) : compileRequired(part, context, required),
    ];
  });
  return parts.length === 0 ? 'TRUE' : `(${parts.join(' AND ')})`;
}

/** A condition; of `exists (…)` and `… = any (…)` the sub-select is known as one that a row is required of. */
function compileRequired(part: unknown, context: Context, required: SelectShape[]): string {
  const { subLinkType } = asNode(part, 'SubLink') ?? {};
  if (subLinkType !== 'EXISTS_SUBLINK' && subLinkType !== 'ANY_SUBLINK')
    return compileCondition(part, context);
  const { compiler } = context;
  const taken: SelectShape[] = [];
  const select: Compiler['select'] = (...given) => {
    const compiled = compiler.select(...given);
    taken.push(compiled.shape);
    return compiled;
  };
  const sql = compileCondition(part, { ...context, compiler: { ...compiler, select } });
  const [only, ...more] = taken;
  if (only !== undefined && more.length === 0) {
    compiler.hidden.delete(only);
    required.push(only);
  }
  return sql;
}

/** Words are matched by the placement that is read, and by nothing here. */
function takeMatch(part: unknown, narrowed: readonly Relation[], context: Context): boolean {
  for (const relation of narrowed) {
    const match = unlessUnrecognised(() =>
      readMatch(part, lookupIn(relation, context), context.compiler.params),
    );
    if (match === undefined) continue;
    if (relation.isOptional) throw new Unrecognised('match() on the optional side of an outer join');
    relation.matches.push(match);
    return true;
  }
  return false;
}

const lookupIn =
  (relation: Relation, { scope }: Context) =>
  (node: unknown) => {
    if (asNode(node, 'ColumnRef') === undefined) return undefined;
    const found = unlessUnrecognised(() => resolveColumn(node, scope));
    return found?.of?.relation === relation ? found.of.column : undefined;
  };

/** Whether all rows that are read meet it. */
function narrowBy(part: unknown, narrowed: readonly Relation[], context: Context): boolean {
  const equal = columnsOfEquality(part, context.scope);
  if (equal !== undefined) {
    addEdges(...equal, narrowed, context.compiler);
    return false;
  }
  for (const relation of narrowed) {
    const condition = unlessUnrecognised(
      (): Condition => readCondition(part, lookupIn(relation, context), context.compiler.params),
    );
    if (condition === undefined) continue;
    const applied = conjuncts(condition).map((one) => narrow(relation, one));
    return applied.every((one) => one);
  }
  return false;
}

function addEdges(a: SourceColumn, b: SourceColumn, narrowed: readonly Relation[], compiler: Compiler): void {
  for (const [own, other] of [
    [a, b],
    [b, a],
  ] as const) {
    const [of, by] = [own.of, other.among];
    if (
      of === undefined ||
      by === undefined ||
      of.relation === by.relation ||
      !narrowed.includes(of.relation)
    )
      continue;
    if (typeOfColumn(of.column).kind !== typeOfColumn(by.column).kind || isOpaque(of.column.type)) continue;
    useColumn(by.relation, by.column);
    compiler.edges.push({ of: of.relation, column: of.column, by: by.relation, byColumn: by.column });
  }
}
