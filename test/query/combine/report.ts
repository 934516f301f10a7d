import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { expect } from '@jest/globals';
import type { Relation } from '../../../lambda/query/combine/relation.ts';
import type { Qualified } from '../../../lambda/query/plan.ts';
import { asNode, bodyOf, listOf, stringOf, stringsOf } from '../../../lambda/query/tree-node.ts';
import type { Outcome, Verdict } from './outcome.ts';

/** How a statement was read, and how it went. */
export interface Reported {
  /** The checked tree. */
  readonly statement: unknown;
  /** What was planned to answer it; undefined where nothing was. */
  readonly taken: Qualified | undefined;
  readonly verdict: Verdict;
  readonly ours: Outcome;
  /** Why it was refused until a scan was allowed. */
  readonly unscanned?: string | undefined;
}

interface Counts {
  readonly [what: string]: number;
}

/** What a differential test was made of. A statement counts unless it was sent whole to Aurora, which proves nothing. */
interface DifferentialReport {
  readonly statements: Counts;
  /** Statements by each store that a fragment of theirs was read from, and those that were combined. */
  readonly stores: Counts;
  /** The same by placement, with how it was read. */
  readonly placements: Counts;
  /** Statements by each operator, function, clause and form that they have. */
  readonly operators: Counts;
  readonly refusals: Counts;
}

/** Counts what statements of a differential test were read from and made of. */
export function createReport() {
  const maps = {
    statements: new Map<string, number>(),
    stores: new Map<string, number>(),
    placements: new Map<string, number>(),
    operators: new Map<string, number>(),
    refusals: new Map<string, number>(),
  };
  const count = (map: keyof typeof maps, what: string): unknown =>
    maps[map].set(what, (maps[map].get(what) ?? 0) + 1);
  const result = (): DifferentialReport => ({
    statements: sorted(maps.statements),
    stores: sorted(maps.stores),
    placements: sorted(maps.placements),
    operators: sorted(maps.operators),
    refusals: sorted(maps.refusals),
  });
  return {
    add: ({ statement, taken, verdict, ours, unscanned }: Reported): void => {
      count('statements', 'drawn');
      if (taken?.route.kind === 'sql') {
        count('statements', 'sent whole to Aurora, not counted');
        return;
      }
      count('statements', 'counted');
      count('statements', verdict);
      if (verdict === 'refused' && 'code' in ours) count('refusals', reasonOf(ours.message));
      if (verdict === 'answered by a scan' && unscanned !== undefined) count('refusals', reasonOf(unscanned));
      if (taken === undefined) return;
      const reads = readsOf(taken);
      for (const store of new Set(reads.map(({ store }) => store))) count('stores', store);
      for (const placement of new Set(reads.map(({ placement }) => placement)))
        count('placements', placement);
      for (const operator of operatorsOf(statement)) count('operators', operator);
    },
    /** Fewer than a tenth of those that count were refused, or until a scan was allowed. */
    expectAnswered: (): void => {
      const { counted = 0, refused = 0, 'answered by a scan': scanned = 0 } = result().statements;
      expect(refused + scanned).toBeLessThan(counted / 10);
    },
    /** Writes it as JSON, and says it. */
    write: (path: string): void => {
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, `${JSON.stringify(result(), null, 2)}\n`);
      process.stderr.write(renderReport(result()));
    },
  };
}

const sorted = (counts: ReadonlyMap<string, number>): Counts =>
  Object.fromEntries([...counts].sort(([, a], [, b]) => b - a));

const renderReport = (report: DifferentialReport): string =>
  Object.entries(report)
    .map(([part, counts]: [string, Counts]) => {
      const lines = Object.entries(counts).map(([what, n]) => `  ${String(n).padStart(6)}  ${what}\n`);
      return `${part}\n${lines.join('')}`;
    })
    .join('');

interface Read {
  readonly store: string;
  readonly placement: string;
}

/** What a plan reads first, by store and placement; that it combines is a read of DuckDB's. */
export function readsOf({ route, engine, placement, kind }: Qualified): readonly Read[] {
  if (route.kind !== 'combined') return [{ store: engine, placement: `${placement}, ${kind}` }];
  const reads = route.plan.reads.flatMap(({ relation, free, by }): Read[] => {
    const first = (by?.offer ?? free)?.chosen;
    if (first === undefined) return [];
    const how = `${kindOf(first, relation)}${by === undefined ? '' : ' by values'}`;
    return [{ store: first.engine, placement: `${first.placement}, ${how}` }];
  });
  return [{ store: 'duckdb', placement: 'combined' }, ...reads];
}

/** How a relation is read, with what of the statement its placement does. */
const kindOf = ({ kind }: Qualified, { grouping, top }: Relation): string =>
  grouping !== undefined ? `${kind} of groups` : top !== undefined ? `${kind} of first rows` : kind;

/** Why, without what was looked at before: the part that speaks of the statement. */
const reasonOf = (message: string): string =>
  (
    /combined: not combined: (.*?)\.?$/.exec(message)?.[1] ??
    /combined: (.*?)\.?$/.exec(message)?.[1] ??
    message
  ).slice(0, 160);

/** Operators, functions, clauses and forms of a statement, each once. */
function operatorsOf(tree: unknown): ReadonlySet<string> {
  const found = new Set<string>();
  walk(tree, found);
  return found;
}

function walk(tree: unknown, found: Set<string>): void {
  if (Array.isArray(tree)) {
    for (const element of tree) walk(element, found);
    return;
  }
  for (const [type, value] of Object.entries(bodyOf(tree))) {
    const name = nameOf(type, bodyOf(value));
    for (const one of name) found.add(one);
    walk(value, found);
  }
}

const clauses: Readonly<Record<string, string>> = {
  whereClause: 'where',
  groupClause: 'group by',
  havingClause: 'having',
  sortClause: 'order by',
  limitCount: 'limit',
  limitOffset: 'offset',
  withClause: 'with',
};

function nameOf(type: string, body: Readonly<Record<string, unknown>>): readonly string[] {
  switch (type) {
    case 'SelectStmt':
      return selectNames(body);
    // Either side of a union is a bare select.
    case 'larg':
    case 'rarg':
      return selectNames(body);
    case 'A_Expr':
      return [operatorName(String(body.kind), stringsOf(body.name).at(-1) ?? '')];
    case 'BoolExpr':
      return [String(body.boolop).replace('_EXPR', '').toLowerCase()];
    case 'NullTest':
      return [body.nulltesttype === 'IS_NULL' ? 'is null' : 'is not null'];
    case 'BooleanTest':
      return [String(body.booltesttype).replaceAll('_', ' ').toLowerCase()];
    case 'SubLink':
      return [`sub-select: ${String(body.subLinkType).replace('_SUBLINK', '').toLowerCase()}`];
    case 'RangeSubselect':
      return ['sub-select: from'];
    case 'JoinExpr':
      return [`${String(body.jointype).replace('JOIN_', '').toLowerCase()} join`];
    case 'CaseExpr':
      return ['case'];
    case 'CoalesceExpr':
      return ['coalesce()'];
    case 'MinMaxExpr':
      return [body.op === 'IS_LEAST' ? 'least()' : 'greatest()'];
    case 'TypeCast':
      return [`cast to ${stringsOf(bodyOf(body.typeName).names).at(-1)}`];
    case 'GroupingSet':
      return [String(body.kind).replace('GROUPING_SET_', '').toLowerCase()];
    case 'FuncCall':
      return callNames(body);
    default:
      return [];
  }
}

function selectNames(body: Readonly<Record<string, unknown>>): readonly string[] {
  const names = Object.entries(clauses).flatMap(([field, name]) => (body[field] === undefined ? [] : [name]));
  if (body.op !== undefined && body.op !== 'SETOP_NONE')
    names.push(`${String(body.op).replace('SETOP_', '').toLowerCase()}${body.all === true ? ' all' : ''}`);
  if (body.distinctClause !== undefined) names.push('distinct');
  if (listOf(body.fromClause).length > 1) names.push('cross join');
  return names;
}

function operatorName(kind: string, name: string): string {
  switch (kind) {
    case 'AEXPR_OP':
      return name;
    case 'AEXPR_OP_ANY':
      return `${name} any`;
    case 'AEXPR_OP_ALL':
      return `${name} all`;
    case 'AEXPR_IN':
      return name === '=' ? 'in' : 'not in';
    case 'AEXPR_LIKE':
      return name === '~~' ? 'like' : 'not like';
    case 'AEXPR_ILIKE':
      return 'ilike';
    case 'AEXPR_DISTINCT':
      return 'is distinct from';
    case 'AEXPR_NOT_DISTINCT':
      return 'is not distinct from';
    case 'AEXPR_NULLIF':
      return 'nullif()';
    default:
      return name.toLowerCase();
  }
}

function callNames(body: Readonly<Record<string, unknown>>): readonly string[] {
  const name = `${stringsOf(body.funcname).at(-1)}()`;
  const part = name === 'extract()' ? stringOf(listOf(body.args)[0]) : '';
  const unit = bodyOf(asNode(listOf(body.args)[0], 'A_Const')?.sval).sval;
  const called = ['extract()', 'date_trunc()'].includes(name) ? `${name} ${part || String(unit)}` : name;
  return [
    body.over === undefined ? called : `${called} over`,
    ...(body.agg_distinct === true ? [`${name} distinct`] : []),
    ...(body.agg_filter !== undefined ? ['filter'] : []),
    ...(body.agg_order !== undefined ? [`${name} order by`] : []),
  ];
}
