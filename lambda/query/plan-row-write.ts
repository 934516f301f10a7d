import type { Key, Row, Value } from '../change/change.ts';
import { PolystoreError } from '../errors.ts';
import { type CatalogColumn, type CatalogEntity, parseRow, parseValue } from '../model/index.ts';
import { type Expression, isNumericKind } from '../stores/expression.ts';
import type { Condition } from '../stores/predicate.ts';
import type { Caller, Computed } from '../stores/store.ts';
import type { Statement } from './analyse.ts';
import { refuse } from './check-words.ts';
import { columnLookup } from './column-lookup.ts';
import { readDomains } from './domain.ts';
import { limits } from './limits.ts';
import { keysOf } from './locate.ts';
import { coerceOperand, readOperand } from './operand.ts';
import { tenantCondition } from './plan-read.ts';
import { readCondition } from './read-condition.ts';
import { readExpression } from './read-expression.ts';
import { conjuncts } from './select-clauses.ts';
import { type OutputColumn, readOutput } from './select-shape.ts';
import { asNode, bodyOf, listOf, type NodeBody, unwrap } from './tree-node.ts';
import { Unrecognised } from './unrecognised.ts';
import type { RowWritePlan } from './write-plan.ts';

/**
 * Decides how rows are written to a source that takes rows and full keys only.
 *
 * @throws PolystoreError `forbidden` for another tenant's row, whether it exists or not.
 */
export function planRowWrite(
  statement: Statement,
  entity: CatalogEntity,
  caller: Caller,
  params: readonly Value[],
): RowWritePlan {
  const [type, body] = unwrap(statement.statement);
  if (body.withClause !== undefined || body.fromClause !== undefined || body.usingClause !== undefined)
    throw refuse(`with, from and using in a write to ${entity.name}`, shapeHint(entity));
  const returning = readReturning(entity, body);
  switch (type) {
    case 'InsertStmt': {
      const rows = readRows(entity, body, caller, params);
      return { kind: 'rows', statement: { kind: 'insert', entity, rows }, returning };
    }
    case 'UpdateStmt': {
      const target = readTarget(entity, body, caller, params);
      const set = readSet(entity, body, params);
      return target === undefined
        ? { kind: 'rows', statement: { kind: 'none', entity }, returning }
        : { kind: 'rows', statement: { kind: 'update', entity, ...target, ...set }, returning };
    }
    case 'DeleteStmt': {
      const target = readTarget(entity, body, caller, params);
      return target === undefined
        ? { kind: 'rows', statement: { kind: 'none', entity }, returning }
        : { kind: 'rows', statement: { kind: 'delete', entity, ...target }, returning };
    }
    default:
      throw refuse(`a write inside of another statement, to ${entity.name}`, shapeHint(entity));
  }
}

const shapeHint = (entity: CatalogEntity): string =>
  `${entity.name} takes: insert … values (…); update … set column = value where ${entity.key.map((column) => `${column} = …`).join(' and ')} and …; delete with the same where.`;

const nameIn = (entity: CatalogEntity, body: NodeBody): string =>
  String(bodyOf(bodyOf(body.relation).alias).aliasname ?? entity.name);

function readReturning(entity: CatalogEntity, body: NodeBody): readonly OutputColumn[] {
  try {
    return readOutput(listOf(body.returningList), entity, nameIn(entity, body));
  } catch (error) {
    if (error instanceof Unrecognised)
      throw refuse(`returning an expression from a write to ${entity.name}`, 'Return columns or *.');
    throw error;
  }
}

function readRows(
  entity: CatalogEntity,
  body: NodeBody,
  caller: Caller,
  params: readonly Value[],
): readonly Row[] {
  if (body.onConflictClause !== undefined)
    throw refuse(
      `on conflict in an insert into ${entity.name}`,
      'An insert of a row that exists fails with conflict.',
    );
  const select = asNode(body.selectStmt, 'SelectStmt');
  const lists = listOf(select?.valuesLists);
  if (
    select === undefined ||
    lists.length === 0 ||
    select.sortClause !== undefined ||
    select.limitCount !== undefined ||
    select.limitOffset !== undefined
  )
    throw refuse(`an insert into ${entity.name} from a query`, shapeHint(entity));
  if (lists.length > limits.insertRows)
    throw new PolystoreError(
      'payload_too_large',
      `The insert into ${entity.name} has ${lists.length} rows; one transaction takes ${limits.insertRows}. Send several.`,
    );
  const named = listOf(body.cols).map((target) =>
    findColumn(entity, String(asNode(target, 'ResTarget')?.name)),
  );
  const columns = named.length > 0 ? named : entity.columns;
  if (new Set(columns).size < columns.length)
    throw new PolystoreError('invalid_sql', 'A column is named twice in the insert.');
  return lists.map((list) => {
    const items = listOf(asNode(list, 'List')?.items);
    if (items.length > columns.length || (named.length > 0 && items.length < columns.length))
      throw new PolystoreError(
        'invalid_sql',
        `A row of the insert has ${items.length} values for ${columns.length} columns.`,
      );
    const row = parseRow(
      entity,
      Object.fromEntries(
        columns.flatMap((column, index) =>
          index < items.length ? [[column.name, readAssigned(column, items[index], params)]] : [],
        ),
      ),
    );
    refuseForeign(entity, row[entity.tenant ?? ''], caller);
    return row;
  });
}

function readSet(
  entity: CatalogEntity,
  body: NodeBody,
  params: readonly Value[],
): { readonly set: Row; readonly computed?: Computed } {
  const set: Record<string, Value> = {};
  const computed: Record<string, Expression> = {};
  for (const target of listOf(body.targetList)) {
    const { name, val } = bodyOf(asNode(target, 'ResTarget'));
    const column = findColumn(entity, String(name));
    if (column.immutable)
      throw refuse(
        `${entity.name}.${column.name} is ${entity.key.includes(column.name) ? 'part of the key' : 'immutable'} and cannot be updated`,
        'Delete the row and insert another.',
      );
    if (Object.hasOwn(set, column.name) || Object.hasOwn(computed, column.name))
      throw new PolystoreError('invalid_sql', `The update sets ${column.name} twice.`);
    const expression = readComputed(entity, { body, column, node: val }, params);
    if (expression === undefined) set[column.name] = parseValue(column, readAssigned(column, val, params));
    else computed[column.name] = expression;
  }
  return Object.keys(computed).length === 0 ? { set } : { set, computed };
}

/** What is worked out of the row's own columns; undefined for a constant, a parameter or `default`. */
function readComputed(
  entity: CatalogEntity,
  { body, column, node }: { readonly body: NodeBody; readonly column: CatalogColumn; readonly node: unknown },
  params: readonly Value[],
): Expression | undefined {
  if (asNode(node, 'SetToDefault') !== undefined || readOperand(node, params) !== undefined) return undefined;
  try {
    if (!isNumericKind(column.type.kind)) throw new Unrecognised(`an expression of type ${column.type.kind}`);
    return readExpression(node, columnLookup(entity, nameIn(entity, body)), params);
  } catch (error) {
    if (!(error instanceof Unrecognised)) throw error;
    throw new PolystoreError(
      error.code,
      `Not supported: an expression for ${column.name} with ${error.message}. Write a constant, a parameter, or + - * of integer, bigint and decimal columns of the row, constants and parameters.`,
    );
  }
}

/** The one row that `where` names; undefined when it contradicts itself, so that no row can meet it. */
function readTarget(
  entity: CatalogEntity,
  body: NodeBody,
  caller: Caller,
  params: readonly Value[],
): { readonly key: Key; readonly where?: Condition } | undefined {
  if (body.whereClause === undefined)
    throw refuse(`a write to ${entity.name} without where`, shapeHint(entity));
  let condition: Condition;
  try {
    condition = readCondition(body.whereClause, columnLookup(entity, nameIn(entity, body)), params);
  } catch (error) {
    if (!(error instanceof Unrecognised)) throw error;
    throw new PolystoreError(
      error.code,
      `Not supported: a write to ${entity.name} with ${error.message}. ${shapeHint(entity)}`,
    );
  }
  const conditions = conjuncts(condition);
  const asked = readDomains(conditions);
  for (const value of asked.byColumn.get(entity.tenant ?? '')?.values ?? [])
    refuseForeign(entity, value, caller);
  const own = tenantCondition(entity, caller.kind === 'tenant' ? caller.tenant : undefined);
  const domains = readDomains(own === undefined ? conditions : [own, ...conditions]);
  if (domains.empty) return undefined;
  const [key, ...more] = keysOf(entity, domains) ?? [];
  if (key === undefined || more.length > 0)
    throw refuse(`a write to ${entity.name} that does not name one whole key`, shapeHint(entity));
  const isByKeyOnly =
    domains.others.length === 0 &&
    [...domains.byColumn.keys()].every((column) => entity.key.includes(column));
  return isByKeyOnly ? { key } : { key, where: condition };
}

/** Says the same whether the row exists or not. */
function refuseForeign(entity: CatalogEntity, tenant: Value | undefined, caller: Caller): void {
  if (caller.kind === 'operator' || entity.tenant === undefined || tenant === caller.tenant) return;
  throw new PolystoreError(
    'forbidden',
    `The credential is of the tenant '${caller.tenant}' and writes rows with that ${entity.tenant} only.`,
  );
}

function findColumn(entity: CatalogEntity, name: string): CatalogColumn {
  const column = entity.columns.find((candidate) => candidate.name === name);
  if (column !== undefined) return column;
  throw new PolystoreError(
    'unknown_column',
    `'${name}' is no column of ${entity.name}; its columns are ${entity.columns.map((one) => one.name).join(', ')}.`,
  );
}

/** A constant or parameter, as `parseValue` takes it. No column of a model has another default than null. */
function readAssigned(column: CatalogColumn, node: unknown, params: readonly Value[]): unknown {
  if (asNode(node, 'SetToDefault') !== undefined) return null;
  const operand = readOperand(node, params);
  if (operand === undefined)
    throw refuse(`an expression for ${column.name}`, 'Insert constants and parameters.');
  if (operand.kind === 'null') return null;
  if (column.type.kind === 'json') {
    if (operand.kind === 'structure') return operand.value;
    // As PostgreSQL reads a text for json: the text is JSON.
    if (operand.kind !== 'text') return operand.kind === 'number' ? Number(operand.text) : operand.value;
    try {
      return JSON.parse(operand.text);
    } catch (cause) {
      throw new PolystoreError('invalid_value', `${column.name} got a text that is no JSON; it takes JSON`, {
        cause,
      });
    }
  }
  const value = coerceOperand(column, operand);
  if (value !== undefined) return value;
  return operand.kind === 'structure' || operand.kind === 'boolean'
    ? operand.value
    : numberOrText(column, operand);
}

/** What did not fit as it stands, for the message that says so. */
function numberOrText(
  column: CatalogColumn,
  operand: { readonly kind: string; readonly text: string; readonly cast: string | undefined },
): unknown {
  if (operand.cast !== undefined)
    throw refuse(`a cast to ${operand.cast} for ${column.name}`, 'Write the value without a cast.');
  // PostgreSQL rounds the seventh digit; a canonical timestamp would cut it.
  if (column.type.kind === 'timestamp' && /\.\d{7,}/.test(operand.text))
    throw new PolystoreError(
      'invalid_value',
      `${column.name} got '${operand.text}'; it takes six digits of a second at most`,
    );
  return operand.kind === 'number' ? Number(operand.text) : operand.text;
}
