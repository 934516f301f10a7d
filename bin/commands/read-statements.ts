import { loadModule, parseSync } from 'libpg-query';
import { messageOf, PolystoreError } from '../../lambda/errors.ts';

/** A statement of a text, without its semicolon, and the line that it begins in, from 1. */
export interface ReadStatement {
  readonly sql: string;
  readonly line: number;
}

/**
 * The statements of a text, as PostgreSQL's own parser tells them apart.
 *
 * @param from what the text is called in errors, such as the file's name
 * @throws PolystoreError `invalid_sql` for what it cannot parse, `invalid_request` for none, and for `begin` and `commit`:
 *   statements of one text are a transaction already
 */
export async function readStatements(text: string, from: string): Promise<readonly ReadStatement[]> {
  await loadModule();
  const bytes = Buffer.from(text);
  const statements = parse(text, from).flatMap(({ stmt, stmt_location: start = 0, stmt_len: length }) => {
    if (stmt === undefined) return [];
    // Places are counted in bytes, and what stands before a statement is counted to it.
    const whole = bytes.subarray(start, length === undefined ? undefined : start + length).toString();
    const begins = whole.length - withoutComments(whole).length;
    const before = bytes.subarray(0, start).toString() + whole.slice(0, begins);
    return [{ stmt, sql: whole.slice(begins).trim(), line: before.split('\n').length }];
  });
  if (statements.length === 0)
    throw new PolystoreError('invalid_request', `There is no statement in ${from}.`);
  const control = statements.find(({ stmt }) => 'TransactionStmt' in stmt);
  if (control !== undefined)
    throw new PolystoreError(
      'invalid_request',
      `${from}, line ${control.line}: '${control.sql.slice(0, 40)}' is not needed: all statements are one transaction. Leave it out; --isolation says how it is kept apart from others.`,
    );
  return statements.map(({ sql, line }) => ({ sql, line }));
}

interface Parsed {
  readonly stmt?: object;
  readonly stmt_location?: number;
  readonly stmt_len?: number;
}

function parse(text: string, from: string): readonly Parsed[] {
  try {
    // The parser's documented result.
    const { stmts = [] } = parseSync(text) as { readonly stmts?: readonly Parsed[] };
    return stmts;
  } catch (cause) {
    throw new PolystoreError('invalid_sql', `${from}: ${messageOf(cause)}${placeOf(cause, text)}.`, {
      cause,
    });
  }
}

/** Where the parser stopped, as the line of the text. */
function placeOf(cause: unknown, text: string): string {
  const { sqlDetails } = (cause ?? {}) as { readonly sqlDetails?: { readonly cursorPosition?: number } };
  const position = sqlDetails?.cursorPosition;
  return position === undefined ? '' : ` (line ${text.slice(0, position).split('\n').length})`;
}

/** From its first word: white space and comments before it say nothing. */
function withoutComments(text: string): string {
  const skipped = /^(?:\s+|--[^\n]*(?:\n|$)|\/\*(?:[^*]|\*(?!\/))*\*\/)+/.exec(text);
  return skipped === null ? text : text.slice(skipped[0].length);
}
