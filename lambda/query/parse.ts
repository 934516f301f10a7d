import type { Node } from 'libpg-query';
import { PolystoreError } from '../errors.ts';
import { limits } from './limits.ts';

/** PostgreSQL's own parser, loaded once on first use: it is WebAssembly, which would slow a cold start. */
async function loadParser() {
  const parser = await import('libpg-query');
  await parser.loadModule();
  return parser;
}
let loading: ReturnType<typeof loadParser> | undefined;
function parserOnce(): ReturnType<typeof loadParser> {
  loading ??= loadParser();
  return loading;
}

/**
 * Parses one statement.
 *
 * @throws PolystoreError `invalid_sql` with the parser's message and position, `payload_too_large`,
 * or `not_supported` for several statements in one text.
 */
export async function parseStatement(text: string): Promise<Node> {
  if (text.length > limits.statementCharacters) {
    throw new PolystoreError(
      'payload_too_large',
      `The statement has ${text.length} characters; ${limits.statementCharacters} are allowed. Send values as parameters.`,
    );
  }
  // The parser reads a C string: what follows U+0000 would be neither parsed nor checked.
  if (text.includes('\0') || !text.isWellFormed()) {
    throw new PolystoreError(
      'invalid_sql',
      'The statement holds U+0000 or half a surrogate pair; send well-formed Unicode.',
    );
  }
  if (text.trim() === '') throw noStatement();
  const statements = await parseAll(text);
  const [first, ...rest] = statements;
  if (first === undefined) throw noStatement();
  if (rest.length > 0) {
    throw new PolystoreError(
      'not_supported',
      `The text holds ${statements.length} statements; a request takes one. Send them one by one.`,
    );
  }
  return first;
}

const noStatement = (): PolystoreError =>
  new PolystoreError(
    'invalid_sql',
    'The text holds no statement; send one, such as: select * from airport limit 5',
  );

async function parseAll(text: string): Promise<readonly Node[]> {
  const { parseSync, hasSqlDetails } = await parserOnce();
  try {
    // The parser's documented result; every node in it is checked by check-tree before it is used.
    const result = parseSync(text) as { readonly stmts?: readonly { readonly stmt?: Node }[] };
    return (result.stmts ?? []).flatMap((statement) =>
      statement.stmt === undefined ? [] : [statement.stmt],
    );
  } catch (error) {
    if (hasSqlDetails(error)) {
      const position = error.sqlDetails?.cursorPosition ?? 0;
      throw new PolystoreError('invalid_sql', `${error.message} (at character ${position + 1})`, {
        details: { position },
      });
    }
    // A tree too deep for the stack leaves the parser usable (tried with 100,000 levels).
    if (error instanceof RangeError) {
      throw new PolystoreError(
        'not_supported',
        'The statement is nested too deeply to be parsed; write it flatter.',
      );
    }
    throw error;
  }
}
