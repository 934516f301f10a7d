import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type QueryOptions, readAsked } from '../../bin/commands/ask.ts';
import { drawTransaction } from '../../bin/commands/draw-answer.ts';
import { readStatements } from '../../bin/commands/read-statements.ts';

const script = `-- a transfer; of two rows
update account set note = 'a; b' where id = 1;

/* back again; */ update account set note = $x$;$x$ where id = 2;
select 'ü';
`;
let folder: string;
let file: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'polystore-statements-'));
  file = join(folder, 'transfer.sql');
  writeFileSync(file, script);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const options = (more: Partial<QueryOptions> = {}): QueryOptions => ({ param: [], tenant: 'UA', ...more });
const [first, second] = ["update a set b = 1 where c = 'd'", "update a set b = 2 where c = 'e'"];

describe('statements', () => {
  test('are told apart as PostgreSQL does, with the lines that they begin in', async () => {
    expect(await readStatements(script, 'it')).toEqual([
      { sql: "update account set note = 'a; b' where id = 1", line: 2 },
      { sql: 'update account set note = $x$;$x$ where id = 2', line: 4 },
      { sql: "select 'ü'", line: 5 },
    ]);
  });

  test('of a file are one transaction', async () => {
    const asked = await readAsked([], options({ file, isolation: 'serializable', token: 't' }));

    expect(asked).toMatchObject({
      kind: 'transaction',
      request: {
        statements: [{ params: [] }, {}, { sql: "select 'ü'" }],
        isolation: 'serializable',
        token: 't',
      },
    });
    expect(asked.kind === 'transaction' && asked.places[1]).toBe(`${file}, line 4`);
  });

  test.each([[[first, second]], [[`${first}; ${second}`]]])('of arguments are one too: %j', async (texts) => {
    expect(await readAsked(texts, options())).toMatchObject({
      kind: 'transaction',
      request: { statements: [{ sql: first }, { sql: second }] },
    });
  });

  test('alone are sent as they were typed, with parameters and limits', async () => {
    expect(await readAsked([` ${first} `], options({ param: [1], partial: true }))).toEqual({
      kind: 'statement',
      request: { sql: ` ${first} `, params: [1], limits: { partial: true } },
    });
    expect(await readAsked([`${first};`], options())).toMatchObject({ request: { sql: first } });
  });

  test('alone are a transaction where an isolation is asked for, and keep their parameters', async () => {
    expect(await readAsked([first], options({ isolation: 'repeatable read', param: [1] }))).toMatchObject({
      kind: 'transaction',
      request: { statements: [{ sql: first, params: [1] }], isolation: 'repeatable read' },
    });
  });

  test.each<[string, readonly string[], Partial<QueryOptions>, RegExp]>([
    ['nothing', [], {}, /Give statements, or --file/],
    ['a file and statements', [first], { file: '-' }, /Give statements, or --file/],
    ['a file that is not there', [], { file: '/nowhere/x.sql' }, /x\.sql cannot be read: ENOENT/],
    ['no statement', [' ; -- nothing'], {}, /There is no statement in statement 1/],
    ['what is no SQL', [first, 'selec 1'], {}, /statement 2: syntax error at or near "selec" \(line 1\)/],
    ['begin', [`begin; ${first}; commit`], {}, /line 1: 'begin' is not needed/],
    [
      'pages of several',
      [first, second],
      { pageSize: 5, partial: true },
      /--page-size, --partial are of one/,
    ],
    ['parameters of several', [first, second], { param: [1] }, /--param is of one statement; 2 were given/],
    ['lines of a transaction', [first], { isolation: 'serializable', ndjson: true }, /--ndjson is of one/],
  ])('are refused: %s', async (_, texts, more, said) => {
    await expect(readAsked(texts, options(more))).rejects.toThrow(said);
  });
});

test('a transaction is drawn statement by statement', () => {
  const route = { placement: 'a.source', engine: 'dynamodb', why: 'the source of a' };
  const written = { columns: [], rows: [], rowCount: 1, route };
  const read = { columns: [{ name: 'n' }], rows: [{ n: 1 }], rowCount: 1, route };

  const drawn = drawTransaction({ results: [written, read], isolation: 'serializable', token: 'abc' });

  expect(drawn.split('\n')).toEqual([
    '1 of 2',
    '1 row from a.source (dynamodb): the source of a',
    '2 of 2',
    expect.stringContaining('┌'),
    '│ n │',
    expect.stringContaining('├'),
    '│ 1 │',
    expect.stringContaining('└'),
    '1 row from a.source (dynamodb): the source of a',
    'all of it was done (serializable)',
    'token abc',
  ]);
});
