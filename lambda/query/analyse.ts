import type { Node } from 'libpg-query';
import { PolystoreError } from '../errors.ts';
import type { Catalog } from '../model/index.ts';
import { type CheckedTree, checkTree } from './check-tree.ts';
import { refuse } from './check-words.ts';
import { limits } from './limits.ts';
import { createMemo } from './memo.ts';
import { parseStatement } from './parse.ts';
import { searchForm } from './search-words.ts';
import { unwrap } from './tree-node.ts';

/** A statement that was parsed and checked. */
export interface Statement extends CheckedTree {
  readonly access: 'read' | 'write';
  /**
   * The statement as text again, made from the checked tree: what a SQL store gets. Comments are gone.
   * @throws PolystoreError `not_supported` when the text would not mean the same tree, or is no SQL of
   * PostgreSQL's because it matches words.
   */
  render(): Promise<string>;
}

/** Analyses statements of one model and remembers the latest by their text. */
export function createAnalyser(catalog: Catalog): (text: string) => Promise<Statement> {
  const remembered = createMemo<Statement>({
    entries: limits.analyses,
    characters: limits.analysedCharacters,
  });
  return async (text) => {
    const known = remembered.get(text);
    if (known !== undefined) return known;
    const statement = describe(checkTree(catalog, await parseStatement(text)));
    remembered.set(text, statement);
    return statement;
  };
}

function describe(checked: CheckedTree): Statement {
  const [type] = unwrap(checked.statement);
  if (!['SelectStmt', 'InsertStmt', 'UpdateStmt', 'DeleteStmt'].includes(type)) {
    throw refuse(type, 'A statement is a select, an insert, an update or a delete.');
  }
  let rendered: Promise<string> | undefined;
  return {
    ...checked,
    access: checked.writes.length > 0 ? 'write' : 'read',
    render: async () => {
      if (checked.searches) throw refuse('words in SQL', `Words are matched by ${searchForm}.`);
      rendered ??= renderStatement(checked.statement);
      return rendered;
    },
  };
}

export async function renderStatement(statement: Node): Promise<string> {
  const { deparseSync } = await import('pgsql-deparser');
  let text: string;
  try {
    text = deparseSync(statement, { pretty: false });
  } catch (error) {
    throw unrenderable(error);
  }
  // The deparser is a library beside PostgreSQL: what it wrote is believed only if the parser reads the
  // same tree from it.
  const again = await parseStatement(text).catch((error: unknown) => {
    throw unrenderable(error);
  });
  if (canonicalTree(again) !== canonicalTree(statement)) throw unrenderable(undefined);
  return text;
}

const unrenderable = (cause: unknown): PolystoreError =>
  new PolystoreError(
    'not_supported',
    'The statement cannot be written for PostgreSQL again without changing what it says. Write it in a plainer way: fewer special forms, one at a time, show which one it is.',
    { cause },
  );

/** The tree as text without places and with what is only another spelling made one. */
const canonicalTree = (tree: Node): string =>
  JSON.stringify(tree, (name, value: unknown) =>
    name === 'location' ||
    name.endsWith('_location') ||
    name === 'list_start' ||
    name === 'list_end' ||
    name === 'funcformat'
      ? undefined
      : value,
  );
