import { type Key, keyText, type Row } from '../change/change.ts';
import type { Version } from '../change/version.ts';
import { PolystoreError } from '../errors.ts';
import type { CatalogEntity } from '../model/index.ts';
import { assign } from './expression.ts';
import { createPredicate } from './predicate.ts';
import { requireChecks } from './row-checks.ts';
import { conflict, keyOf, maxRows, parseInsert, parseKey, parseUpdate } from './source-write.ts';
import { ofStatement, requireRowCount } from './statement-error.ts';
import type { Expecting, SourceStatement, Written } from './store.ts';

/** A row that statements touch, by its entity and key. */
export interface TouchedRow {
  readonly id: string;
  readonly entity: CatalogEntity;
  readonly key: Key;
  /** The first that touches it is an insert, which takes it to be absent. */
  readonly inserted: boolean;
}

/** What a statement wrote of a row. */
export interface RowStep {
  readonly id: string;
  readonly key: Key;
  readonly row: Row | undefined;
  readonly before: Row | undefined;
}

/** What statements come to, on the rows that they were given. */
export interface Outcome {
  /** A list for each statement. */
  readonly steps: readonly (readonly RowStep[])[];
  /** The rows that are other than they were, by id: as they end, or as they were last before they were deleted. */
  readonly written: ReadonlyMap<string, { readonly row: Row | undefined; readonly last: Row }>;
}

const idOf = (entity: CatalogEntity, key: Key): string => `${entity.name} ${keyText(key)}`;

/**
 * Statements with canonical values.
 *
 * @throws `invalid_value`, `unknown_column`, `not_supported`, `payload_too_large` above 100 rows in all.
 */
export function parseStatements(
  statements: readonly Expecting<SourceStatement>[],
): readonly Expecting<SourceStatement>[] {
  const parsed = statements.map((statement, index) =>
    numbered({ index, of: statements.length }, () => parseStatement(statement)),
  );
  const touched = touchedRows(parsed).length;
  if (touched <= maxRows) return parsed;
  throw new PolystoreError(
    'payload_too_large',
    `The transaction touches ${touched} rows; one takes at most ${maxRows}. Send several.`,
  );
}

function parseStatement(statement: Expecting<SourceStatement>): Expecting<SourceStatement> {
  const { entity } = statement;
  switch (statement.kind) {
    case 'insert':
      return { ...statement, rows: parseInsert(entity, statement.rows) };
    case 'update': {
      const { set, computed = {} } = statement;
      return { ...statement, key: parseKey(entity, statement.key), set: parseUpdate(entity, set, computed) };
    }
    case 'none':
      return statement;
    case 'delete':
      return { ...statement, key: parseKey(entity, statement.key) };
  }
}

/** The rows that parsed statements touch, each once. */
export function touchedRows(statements: readonly SourceStatement[]): readonly TouchedRow[] {
  const touched = new Map<string, TouchedRow>();
  for (const statement of statements) {
    const { entity } = statement;
    for (const key of keysOf(statement)) {
      const id = idOf(entity, key);
      if (!touched.has(id)) touched.set(id, { id, entity, key, inserted: statement.kind === 'insert' });
    }
  }
  return [...touched.values()];
}

function keysOf(statement: SourceStatement): readonly Key[] {
  switch (statement.kind) {
    case 'insert':
      return statement.rows.map((row) => keyOf(statement.entity, row));
    case 'none':
      return [];
    default:
      return [statement.key];
  }
}

/**
 * Runs parsed statements on rows as they are held, in memory.
 *
 * @param held the live row under an id
 * @throws as `SourceWriter.transact`.
 */
export function runStatements(
  statements: readonly Expecting<SourceStatement>[],
  held: (id: string) => Row | undefined,
): Outcome {
  const written = new Map<string, { readonly row: Row | undefined; readonly last: Row }>();
  const current = (id: string): Row | undefined => {
    const found = written.get(id);
    return found === undefined ? held(id) : found.row;
  };
  const steps = statements.map((statement, index) =>
    numbered({ index, of: statements.length }, () => {
      const taken = runStatement(statement, current);
      requireRowCount(statement.rowCount, taken.length);
      for (const { id, row, before } of taken) {
        const last = row ?? before;
        if (last !== undefined) written.set(id, { row, last });
      }
      return taken;
    }),
  );
  return { steps, written };
}

function runStatement(
  statement: SourceStatement,
  current: (id: string) => Row | undefined,
): readonly RowStep[] {
  const { entity } = statement;
  if (statement.kind === 'none') return [];
  if (statement.kind === 'insert') {
    for (const row of statement.rows) requireChecks(entity, row);
    const steps = statement.rows.map((row) => {
      const key = keyOf(entity, row);
      return { id: idOf(entity, key), key, row, before: undefined };
    });
    const taken = steps.filter(({ id }) => current(id) !== undefined).map(({ key }) => key);
    if (taken.length > 0) throw conflict(entity, taken);
    return steps;
  }
  const { key, where } = statement;
  const id = idOf(entity, key);
  const before = current(id);
  if (before === undefined || (where !== undefined && createPredicate(where)(before) !== true)) return [];
  if (statement.kind === 'delete') return [{ id, key, row: undefined, before }];
  const computed = Object.entries(statement.computed ?? {}).map(([name, expression]) => {
    const column = entity.columns.find((one) => one.name === name);
    // `parseUpdate` has found it.
    if (column === undefined) throw new TypeError(`${entity.name} has no column ${name}`);
    return [name, assign(column, expression, before)] as const;
  });
  const row = { ...before, ...statement.set, ...Object.fromEntries(computed) };
  requireChecks(entity, row);
  return [{ id, key, row, before }];
}

/** What the statements wrote, once it is committed under these versions by id. */
export function writtenBy(
  steps: Outcome['steps'],
  versions: ReadonlyMap<string, Version>,
): readonly (readonly Written[])[] {
  return steps.map((taken) =>
    taken.map(({ id, key, row, before }) => {
      const version = versions.get(id);
      if (version === undefined) throw new TypeError(`${id} was written under no version`);
      return { key, row, before, version };
    }),
  );
}

function numbered<T>(place: { readonly index: number; readonly of: number }, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw error instanceof PolystoreError ? ofStatement(error, place) : error;
  }
}
