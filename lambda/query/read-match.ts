import type { Value } from '../change/change.ts';
import { PolystoreError } from '../errors.ts';
import type { CatalogColumn } from '../model/index.ts';
import type { WordMatch } from '../stores/store.ts';
import type { ColumnLookup } from './column-lookup.ts';
import { limits } from './limits.ts';
import { readOperand } from './operand.ts';
import { isSearchFunction, searchFunctions } from './search-words.ts';
import { asNode, listOf, stringsOf } from './tree-node.ts';
import { Unrecognised } from './unrecognised.ts';

/**
 * `match(column, 'words')`, the words being a text or a parameter; undefined for any other expression.
 *
 * @throws PolystoreError `invalid_value` for words that are none; Unrecognised for another column.
 */
export function readMatch(
  node: unknown,
  column: ColumnLookup,
  params: readonly Value[],
): WordMatch | undefined {
  const args = callOf(node, searchFunctions.match);
  if (args === undefined) return undefined;
  const [subject, words, ...more] = args;
  const found = column(subject);
  if (found === undefined || words === undefined || more.length > 0)
    throw new Unrecognised("match takes a column and words: match(column, 'words')");
  const operand = readOperand(words, params);
  if (operand === undefined) throw new Unrecognised('match takes words as a text or a parameter');
  if (operand.kind !== 'text' || operand.text.trim() === '')
    throw new PolystoreError(
      'invalid_value',
      `match(${found.name}, …) takes words as a text; send at least one.`,
    );
  if (operand.text.length > limits.matchCharacters)
    throw new PolystoreError(
      'payload_too_large',
      `match(${found.name}, …) got words of ${operand.text.length} characters; ${limits.matchCharacters} are allowed.`,
    );
  return { column: found.name, words: operand.text };
}

/** `match_rank()` */
export function isRank(node: unknown): boolean {
  const args = callOf(node, searchFunctions.rank);
  if (args !== undefined && args.length > 0) throw new Unrecognised('match_rank() takes nothing');
  return args !== undefined;
}

/** The column of `match_highlight(column)`; undefined for any other expression. */
export function readHighlight(node: unknown, column: ColumnLookup): CatalogColumn | undefined {
  const args = callOf(node, searchFunctions.highlight);
  if (args === undefined) return undefined;
  const found = column(args[0]);
  if (found === undefined || args.length > 1) throw new Unrecognised('match_highlight takes a column');
  return found;
}

/** The arguments of a plain call of a function: without `distinct`, `filter`, `over` and the like. */
function callOf(node: unknown, name: string): readonly unknown[] | undefined {
  const call = asNode(node, 'FuncCall');
  if (call === undefined || !isSearchFunction(stringsOf(call.funcname))) return undefined;
  if (stringsOf(call.funcname)[0] !== name) return undefined;
  const plain = Object.keys(call).every((field) =>
    ['funcname', 'args', 'funcformat', 'location'].includes(field),
  );
  if (!plain) throw new Unrecognised(`${name} is called as an aggregate or a window function`);
  return listOf(call.args);
}
