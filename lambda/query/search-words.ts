import { findNodes, stringsOf } from './tree-node.ts';

/**
 * The one extension of PostgreSQL's dialect, with the search engine's meaning (DESIGN §6). Neither they nor
 * their names are PostgreSQL's: `rank()` is a window function there, so these have a prefix.
 */
export const searchFunctions = {
  /** `match(column, 'words')`, in `where`. */
  match: 'match',
  /** `match_rank()`: how well the row does, selected or ordered by. */
  rank: 'match_rank',
  /** `match_highlight(column)`: passages with the matched words marked. */
  highlight: 'match_highlight',
} as const;

const names: ReadonlySet<string> = new Set(Object.values(searchFunctions));

export const searchForm =
  "select columns, match_rank(), match_highlight(column) from entity where match(column, 'words') and … order by match_rank() desc";

/** Whether a function is one of the extension's; with a schema before it, it is not. */
export const isSearchFunction = (name: readonly string[]): boolean =>
  name.length === 1 && names.has(name[0] ?? '');

/** Whether the extension is used anywhere in a tree. */
export const usesSearch = (tree: unknown): boolean =>
  findNodes(tree, 'FuncCall').some(({ funcname }) => isSearchFunction(stringsOf(funcname)));
