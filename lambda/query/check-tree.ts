import type { Node } from 'libpg-query';
import { PolystoreError } from '../errors.ts';
import type { Catalog, CatalogEntity } from '../model/index.ts';
import { checkNames, type NameUse } from './check-names.ts';
import { checkWords, refuse, refuseSyntax } from './check-words.ts';
import { limits } from './limits.ts';
import { isSearchFunction } from './search-words.ts';
import { allowedSyntax } from './syntax.ts';
import { asNode, bodyOf, listOf, type NodeBody, stringOf, stringsOf, unwrap } from './tree-node.ts';

/** What a checked statement does. */
export interface CheckedTree {
  readonly statement: Node;
  /** Entities that it reads, without those that it only writes. */
  readonly reads: readonly CatalogEntity[];
  /** Entities that it writes, anywhere in it. None: it is provably read-only. */
  readonly writes: readonly CatalogEntity[];
  /** Whether it matches words anywhere, which is no SQL of PostgreSQL's. */
  readonly searches: boolean;
  /** The highest `$n`; every number up to it is used. */
  readonly parameterCount: number;
}

type Scope = ReadonlySet<string>;

/** Where the parser notes places in the text; they mean nothing. */
const placeFields: ReadonlySet<string> = new Set(['location', 'stmt_location', 'list_start', 'list_end']);

/**
 * Checks a statement against the allow-lists of syntax, functions, operators and types, and its tables
 * against the model. Whatever is not allowed is refused by its name.
 *
 * @throws PolystoreError `not_supported`, `unknown_entity`, `unknown_column`, `invalid_sql` (gaps in `$n`).
 */
export function checkTree(catalog: Catalog, statement: Node): CheckedTree {
  const reads = new Set<CatalogEntity>();
  const writes = new Set<CatalogEntity>();
  const parameters = new Set<number>();
  const names: NameUse = { columns: [], given: new Set(), relations: new Map(), derived: new Set() };
  let searches = false;

  const visit = (node: unknown, scope: Scope, depth: number): void => {
    if (Array.isArray(node)) {
      for (const element of node) visit(element, scope, depth);
      return;
    }
    const wrapped = bodyOf(node);
    // A plain `distinct` is a list of one empty node.
    for (const type in wrapped) {
      visitBody(type, bodyOf(wrapped[type]), scope, depth);
      return;
    }
  };

  const visitBody = (type: string, body: NodeBody, outer: Scope, depth: number): void => {
    const fields = allowedSyntax[type];
    if (fields === undefined) throw refuseSyntax(type);
    if (depth > limits.treeDepth)
      throw refuse(`nesting deeper than ${limits.treeDepth} levels`, 'Write the statement flatter.');
    const scope = body.withClause === undefined ? outer : visitWith(bodyOf(body.withClause), outer, depth);
    note(type, body, scope);
    // Of every node there is: an array of its entries would cost as much as all that is checked of it.
    for (const field in body) {
      const kind = fields[field];
      const value = body[field];
      if (kind === undefined) {
        if (placeFields.has(field)) continue;
        throw refuseSyntax(`${type}.${field}`);
      }
      if (kind === 'value') {
        if (typeof value === 'object') throw refuseSyntax(`${type}.${field}`);
      } else if (kind === 'node') visit(value, scope, depth + 1);
      else if (field === 'relation') visitTarget(bodyOf(value), scope, depth);
      else if (kind !== 'WithClause') visitBody(kind, bodyOf(value), scope, depth + 1);
    }
  };

  /** Checks the CTEs, each of which sees those before it; answers the names in scope after them. */
  const visitWith = (clause: NodeBody, outer: Scope, depth: number): Scope => {
    const scope = new Set(outer);
    for (const field of Object.keys(clause)) {
      if (field !== 'ctes' && !placeFields.has(field)) throw refuseSyntax(`WithClause.${field}`);
    }
    for (const cte of listOf(clause.ctes)) {
      visit(cte, new Set(scope), depth + 1);
      const name = String(asNode(cte, 'CommonTableExpr')?.ctename);
      // A name that is neither CTE nor entity would be looked up in pg_catalog, whose tables start so.
      if (name.startsWith('pg_'))
        throw refuse(`the CTE name '${name}'`, 'pg_ is PostgreSQL’s own prefix; rename it.');
      scope.add(name);
    }
    return scope;
  };

  const visitTarget = (relation: NodeBody, scope: Scope, depth: number): void => {
    const name = String(relation.relname);
    if (scope.has(name)) throw refuse(`writing to '${name}', which is a CTE here`, 'Write to an entity.');
    const entity = findEntity(name);
    const alreadyRead = reads.has(entity);
    visitBody('RangeVar', relation, scope, depth + 1);
    if (!alreadyRead) reads.delete(entity);
    writes.add(entity);
  };

  const findEntity = (name: string): CatalogEntity => {
    const entity = catalog.entities.find((candidate) => candidate.name === name);
    if (entity !== undefined) return entity;
    const known = catalog.entities.map((candidate) => candidate.name).join(', ');
    throw new PolystoreError(
      'unknown_entity',
      `'${name}' is no table of the model; its tables are ${known}.`,
    );
  };

  /** Notes what a node uses and gives, and checks its words. */
  const note = (type: string, body: NodeBody, scope: Scope): void => {
    const implied = checkWords(type, body);
    if (implied !== undefined) names.given.add(implied);
    switch (type) {
      case 'RangeVar': {
        const name = String(body.relname);
        names.given.add(name);
        if (body.schemaname !== undefined) throw refuseSyntax('RangeVar.schemaname');
        if (body.inh !== true) throw refuse('`only` before a table', 'Leave it out.');
        const alias = bodyOf(body.alias);
        const known = String(alias.aliasname ?? name);
        if (scope.has(name)) {
          names.derived.add(known);
          return;
        }
        const entity = findEntity(name);
        const renamed = stringsOf(alias.colnames);
        for (const column of renamed) names.given.add(column);
        const others = names.relations.get(known) ?? [];
        names.relations.set(known, [...others, { entity, renamed }]);
        reads.add(entity);
        return;
      }
      case 'Alias':
        names.given.add(String(body.aliasname));
        for (const name of stringsOf(body.colnames)) names.given.add(name);
        return;
      case 'RangeSubselect':
      case 'JoinExpr':
        for (const alias of [body.alias, body.join_using_alias]) {
          if (alias !== undefined) names.derived.add(String(bodyOf(alias).aliasname));
        }
        return;
      case 'CommonTableExpr':
        for (const name of stringsOf(body.aliascolnames)) names.given.add(name);
        return;
      case 'ResTarget':
        if (typeof body.name === 'string') names.given.add(body.name);
        return;
      case 'ColumnRef':
        names.columns.push(
          listOf(body.fields).map((field) => (unwrap(field)[0] === 'A_Star' ? '*' : stringOf(field))),
        );
        return;
      case 'InsertStmt':
        if (body.override !== undefined && body.override !== 'OVERRIDING_NOT_SET')
          throw refuseSyntax('InsertStmt.override');
        return;
      case 'OnConflictClause':
        names.derived.add('excluded');
        return;
      case 'FuncCall':
        searches ||= isSearchFunction(stringsOf(body.funcname));
        return;
      case 'ParamRef':
        parameters.add(Number(body.number ?? 0));
        return;
      default:
        return;
    }
  };

  visit(statement, new Set(), 0);
  checkNames(names, [...reads, ...writes]);
  return {
    statement,
    reads: [...reads],
    writes: [...writes],
    searches,
    parameterCount: countParameters(parameters),
  };
}

function countParameters(used: ReadonlySet<number>): number {
  const highest = Math.max(0, ...used);
  if (highest !== used.size || used.has(0)) {
    throw new PolystoreError(
      'invalid_sql',
      `The statement uses ${[...used].map((number) => `$${number}`).join(', ')}; parameters are numbered from $1 without gaps.`,
    );
  }
  if (highest > limits.parameters) {
    throw new PolystoreError(
      'payload_too_large',
      `The statement takes ${highest} parameters; ${limits.parameters} are allowed. Send fewer rows at a time, or a list as one parameter: = any($1).`,
    );
  }
  return highest;
}
