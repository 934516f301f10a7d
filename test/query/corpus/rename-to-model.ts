import { createHash } from 'node:crypto';
import type { Node } from 'libpg-query';
import { deparseSync } from 'pgsql-deparser';
import type { Catalog, CatalogEntity, FieldType } from '../../../lambda/model/index.ts';
import { bodyOf, findNodes, listOf, stringOf, stringsOf, unwrap } from '../../../lambda/query/tree-node.ts';
import { allowedFunctions, allowedOperators, allowedTypes } from '../../../lambda/query/vocabulary.ts';

export interface Renaming {
  readonly catalog: Catalog;
  /** Columns of this kind are taken where an entity has any, so that expressions find types they work on. */
  readonly kind: FieldType['kind'];
  /** Whether functions, operators and types that are not allowed are replaced too, so that the rest is reached. */
  readonly words: 'kept' | 'allowed';
}

type Scope = readonly { readonly alias: string; readonly entity: CatalogEntity }[];

/**
 * The statement with its tables and columns named as a model's, chosen by hash so that every run has the same; undefined where the
 * deparser cannot write it.
 */
export function renameToModel(statement: Node, { catalog, kind, words }: Renaming): string | undefined {
  const ctes = new Set(findNodes(statement, 'CommonTableExpr').map((cte) => String(cte.ctename)));
  const given = new Set([
    ...findNodes(statement, 'ResTarget').map((target) => String(target.name)),
    ...[...findNodes(statement, 'Alias'), ...findNodes(statement, 'alias')].flatMap((alias) =>
      stringsOf(alias.colnames),
    ),
    ...findNodes(statement, 'CommonTableExpr').flatMap((cte) => stringsOf(cte.aliascolnames)),
  ]);
  const pick = <T>(from: readonly T[], by: string): T => {
    const one = from[createHash('sha256').update(`${kind} ${by}`).digest().readUInt32LE() % from.length];
    if (one === undefined) throw new TypeError('There is nothing to pick from.');
    return one;
  };
  // Names of the model's own tables, as PostgreSQL has them, stay: `flight`, `flight__analytics`.
  const entityFor = (name: string): CatalogEntity =>
    catalog.entities.find((entity) => name === entity.name || name.startsWith(`${entity.name}__`)) ??
    pick(catalog.entities, name);
  const columnFor = (entity: CatalogEntity, name: string): string => {
    if (entity.columns.some((column) => column.name === name)) return name;
    const fitting = entity.columns.filter((column) => column.type.kind === kind);
    return pick(fitting.length === 0 ? entity.columns : fitting, name).name;
  };

  const tablesOf = (from: unknown): Scope =>
    listOf(from).flatMap((node) => {
      const [type, body] = unwrap(node);
      if (type === 'JoinExpr') return tablesOf([body.larg, body.rarg]);
      if (type === 'RangeTableSample') return tablesOf([body.relation]);
      if (type !== 'RangeVar' || ctes.has(String(body.relname))) return [];
      return [named(body)];
    });
  const named = (relation: unknown): Scope[number] => {
    const name = String(bodyOf(relation).relname);
    return { alias: String(bodyOf(bodyOf(relation).alias).aliasname ?? name), entity: entityFor(name) };
  };
  /** The tables that a statement opens, nearest first. */
  const open = (body: Readonly<Record<string, unknown>>, outer: Scope): Scope => {
    const own = [
      ...(bodyOf(body.relation).relname === undefined ? [] : [named(body.relation)]),
      ...tablesOf(body.fromClause),
      ...tablesOf(body.usingClause),
    ];
    return [...own, ...outer];
  };

  const relation = (body: Readonly<Record<string, unknown>>): object => {
    const { schemaname: _, catalogname: __, ...rest } = body;
    const name = String(body.relname);
    if (ctes.has(name)) return rest;
    return { ...rest, relname: entityFor(name).name, alias: body.alias ?? { aliasname: name } };
  };
  const reference = (body: Readonly<Record<string, unknown>>, scope: Scope): object => {
    const fields = listOf(body.fields);
    const name = stringOf(fields.at(-1));
    const qualifier = fields.length === 1 ? undefined : stringOf(fields.at(-2));
    if (unwrap(fields.at(-1))[0] === 'A_Star') return body;
    const table = qualifier === undefined ? scope[0] : scope.find(({ alias }) => alias === qualifier);
    if (table === undefined || (qualifier === undefined && given.has(name))) return body;
    return { ...body, fields: text([table.alias, columnFor(table.entity, name)]) };
  };
  const assigned = (target: unknown, entity: CatalogEntity, scope: Scope): unknown => {
    const { ResTarget } = bodyOf(rename(target, scope));
    const { indirection: _, ...rest } = bodyOf(ResTarget);
    return { ResTarget: { ...rest, name: columnFor(entity, String(rest.name)) } };
  };

  const rename = (node: unknown, scope: Scope): unknown => {
    if (Array.isArray(node)) return node.map((element) => rename(element, scope));
    if (typeof node !== 'object' || node === null) return node;
    const [type, body] = unwrap(node);
    if (words === 'allowed' && type === 'RangeTableSample') return rename(body.relation, scope);
    // A plain null takes the type that its place wants.
    if (words === 'allowed' && type === 'FuncCall' && !allowedFunctions.has(lastOf(body.funcname)))
      return { A_Const: { isnull: true } };
    return Object.fromEntries(
      Object.entries(node).map(([field, value]) => [field, renameField(field, value, scope)]),
    );
  };
  const renameField = (field: string, value: unknown, outer: Scope): unknown => {
    const body = bodyOf(value);
    if (field === 'RangeVar' || (field === 'relation' && body.relname !== undefined)) return relation(body);
    if (field === 'ColumnRef') return reference(body, outer);
    const scope = open(body, outer);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return rename(value, scope);
    const renamed = bodyOf(rename(value, scope));
    const [target] = scope;
    if (target !== undefined && field === 'InsertStmt')
      return { ...renamed, ...assignments(body, 'cols', target.entity, scope) };
    if (target !== undefined && field === 'UpdateStmt')
      return { ...renamed, ...assignments(body, 'targetList', target.entity, scope) };
    return words === 'allowed' ? withAllowedWords(field, renamed) : renamed;
  };
  const assignments = (
    body: Readonly<Record<string, unknown>>,
    field: string,
    entity: CatalogEntity,
    scope: Scope,
  ): object =>
    body[field] === undefined
      ? {}
      : { [field]: listOf(body[field]).map((target) => assigned(target, entity, scope)) };

  try {
    // The tree keeps the parser's shape: only names in it are others.
    return deparseSync(rename(statement, []) as Node, { pretty: false });
  } catch {
    return undefined;
  }
}

const text = (parts: readonly string[]): object => parts.map((sval) => ({ String: { sval } }));

function withAllowedWords(field: string, body: Readonly<Record<string, unknown>>): object {
  if (field === 'A_Expr')
    return allowedOperators.has(lastOf(body.name)) ? body : { ...body, name: text(['=']) };
  if (field !== 'TypeName' && field !== 'typeName') return body;
  return allowedTypes.has(lastOf(body.names)) ? body : { ...body, names: text(['text']), typmods: undefined };
}

const lastOf = (names: unknown): string => stringsOf(names).at(-1) ?? '';
