import { describe, expect, test } from '@jest/globals';
import { PolystoreError } from '../../lambda/errors.ts';
import { createQueryEngine, createTokens } from '../../lambda/query/index.ts';
import { parseRequest } from '../../lambda/query/request.ts';
import { createMemoryStore } from '../../lambda/stores/memory/index.ts';
import type { Caller } from '../../lambda/stores/store.ts';
import { bankCatalog } from './bank-model.ts';
import { createHarness, fakeAurora, nowMs, operator, request, secret, sqlResult } from './harness.ts';
import { type Sent, transactionOf } from './transaction-request.ts';

const catalog = bankCatalog('unit');
const caller: Caller = { kind: 'tenant', tenant: 'b', subject: 'someone' };
const clock = () => nowMs;

function open(answers: Parameters<typeof fakeAurora>[0] = []) {
  const aurora = fakeAurora(answers);
  const dynamodb = createMemoryStore({ clock });
  const { timer } = createHarness().options;
  const tokens = createTokens(secret);
  const stores = { aurora, dynamodb, redis: createMemoryStore({ clock }) };
  const engine = createQueryEngine({ catalog, stores, tokens, timer, clock, generation: 3 });
  return {
    ...{ aurora, engine, tokens },
    transact: (statements: readonly Sent[], more: Parameters<typeof transactionOf>[1] = {}, by = caller) =>
      engine.transact(transactionOf(statements, more), by),
    explain: (statements: readonly Sent[]) => engine.explainTransaction(transactionOf(statements), caller),
  };
}

const insert = (table: string, id = 'x'): Sent => ({
  sql: `insert into ${table} (bank, id, balance) values ('b', $1, 10)`,
  params: [id],
});
const add = (table: string, amount: number, id = 'x'): Sent => ({
  sql: `update ${table} set balance = balance + $1 where bank = 'b' and id = $2`,
  params: [amount, id],
});

async function failed(work: Promise<unknown>) {
  const error: unknown = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof PolystoreError) return error;
  throw new Error('it did not fail as it should', { cause: error });
}

describe('a transaction on Aurora', () => {
  test('goes to the writer whole, as the caller, with its isolation, and its token has the position', async () => {
    const { aurora, transact, tokens } = open([sqlResult([], [], 5n), sqlResult(['n'], [['1']], 7n)]);

    const answer = await transact(
      [{ ...add('account', 1), rowCount: 1 }, { sql: 'select count(*) as n from account' }],
      { isolation: 'serializable', maxRows: 7 },
    );

    expect(aurora.transactions).toMatchObject([
      {
        caller,
        access: 'write',
        isolation: 'serializable',
        maxRows: 7,
        statements: [
          { params: [1, 'x'], rowCount: 1 },
          { params: [], text: 'SELECT count(*) AS n FROM account' },
        ],
      },
    ]);
    expect(answer.results.map(({ rows, route }) => [rows, route.class, route.placement])).toEqual([
      [[], 'write', 'aurora.writer'],
      [[{ n: '1' }], 'read', 'aurora.writer'],
    ]);
    expect((await tokens.read([answer.token ?? ''], caller)).aurora).toBe(7n);
  });

  test('of reads alone is read only, and asks that the writer has what the token speaks of', async () => {
    const { aurora, transact, tokens } = open();
    const token = await tokens.issue({ aurora: 9n, rows: [] }, caller);

    await transact([{ sql: 'select 1 as one' }, { sql: 'select name from currency' }], { tokens: [token] });

    expect(aurora.transactions).toMatchObject([{ access: 'read', notBefore: 9n }]);
  });
});

describe('a transaction on DynamoDB', () => {
  test('is all or nothing, answers each statement, and its token has each row once', async () => {
    const { transact, tokens, engine } = open();

    const answer = await transact([
      insert('wallet', 'x'),
      insert('wallet', 'y'),
      { ...add('wallet', -4), rowCount: 1 },
      {
        sql: "update wallet set balance = balance + 4 where id = 'y' and balance < 100 returning id, balance",
      },
      { sql: "delete from wallet where id = 'y' and id = 'z'", rowCount: 0 },
    ]);

    expect(answer.isolation).toBe('serializable');
    expect(answer.results.map(({ rowCount, rows }) => [rowCount, rows])).toEqual([
      [1, []],
      [1, []],
      [1, []],
      [1, [{ id: 'y', balance: '14' }]],
      [0, []],
    ]);
    expect((await tokens.read([answer.token ?? ''], caller)).rows.map(({ row }) => row.id)).toEqual([
      'x',
      'y',
    ]);
    const { rows } = await engine.query(request("select balance from wallet where id = 'x'"), caller);
    expect(rows).toEqual([{ balance: '6' }]);
  });

  test('is explained with what is worked out and what a row must meet', async () => {
    const { explain } = open();

    const { isolation, statements } = await explain([
      { sql: "update wallet set balance = 2 * balance - $1 where id = 'x' and balance >= $1", params: [3] },
    ]);

    expect([isolation, statements[0]?.request]).toEqual([
      'serializable',
      {
        kind: 'update',
        key: { bank: 'b', id: 'x' },
        set: { balance: { '-': [{ '*': ['2', { column: 'balance' }] }, '3'] } },
        where: { and: [{ '=': ['id', 'x'] }, { '>=': ['balance', '3'] }] },
      },
    ]);
  });

  test('a single update holds its check and its conditions too', async () => {
    const { engine, transact } = open();
    await transact([insert('wallet')]);
    const update = (sql: string) => engine.query(request(`update wallet set ${sql}`), caller);

    expect((await update("balance = balance - 4 where id = 'x' and balance > 10")).rowCount).toBe(0);
    expect(
      (await update("balance = balance - 4 where id = 'x' and (balance > 9 or note = 'n')")).rowCount,
    ).toBe(1);
    expect(await failed(update("balance = balance - 7 where id = 'x'"))).toMatchObject({
      code: 'check_violated',
      details: { entity: 'wallet', check: 'balance_not_negative' },
    });
  });
});

describe('is refused, with nothing done:', () => {
  test.each<[string, readonly Sent[], string, string, number | undefined]>([
    [
      'two sources',
      [insert('account'), insert('wallet')],
      'not_supported',
      'statement 1 uses account (aurora); statement 2 uses wallet (dynamodb)',
      undefined,
    ],
    [
      'a select on DynamoDB',
      [insert('wallet'), { sql: 'select id from wallet' }],
      'not_supported',
      'returning',
      2,
    ],
    [
      'events that are written',
      [{ sql: "insert into payment (bank) values ('b')" }],
      'not_supported',
      'POST /events',
      undefined,
    ],
    [
      'events that are read',
      [{ sql: 'select 1' }, { sql: 'select id from payment' }],
      'not_supported',
      'payment',
      2,
    ],
    [
      'shared data',
      [insert('account'), { sql: "insert into currency (code, name) values ('x', 'y')" }],
      'forbidden',
      'currency',
      2,
    ],
    ['no SQL', [insert('account'), { sql: 'slect 1' }], 'invalid_sql', 'slect', 2],
    [
      'a parameter too few',
      [insert('wallet'), { ...insert('wallet'), params: [] }],
      'invalid_request',
      '1 parameter',
      2,
    ],
    [
      'an unknown table',
      [insert('account'), { sql: 'select 1 from nothing' }],
      'unknown_entity',
      'nothing',
      2,
    ],
    [
      'more than a hundred rows',
      Array.from({ length: 51 }, (_, index) => ({
        sql: "insert into wallet (bank, id, balance) values ('b', $1, 1), ('b', $2, 1)",
        params: [`a${index}`, `b${index}`],
      })),
      'payload_too_large',
      '102 rows',
      undefined,
    ],
  ])('%s', async (_what, statements, code, named, statement) => {
    const { aurora, engine, transact } = open();

    const error = await failed(transact(statements));

    expect([error.code, error.message, error.details.statement]).toEqual([
      code,
      expect.stringContaining(named),
      statement,
    ]);
    expect(aurora.transactions).toEqual([]);
    expect(
      (await engine.query(request("select id from wallet where id in ('x', 'a0')"), caller)).rows,
    ).toEqual([]);
  });

  test('all that is wrong with several statements is told at once', async () => {
    const { transact } = open();

    const error = await failed(
      transact([{ sql: 'select 1 from nothing' }, { sql: 'select 1' }, { sql: 'select nope from account' }]),
    );

    expect(error).toMatchObject({
      code: 'unknown_entity',
      details: {
        statement: 1,
        problems: [
          { statement: 1, code: 'unknown_entity' },
          { statement: 3, code: 'unknown_column' },
        ],
      },
    });
  });

  test('another tenant’s row, whether it is there or not', async () => {
    const { transact } = open();
    const other: Caller = { kind: 'tenant', tenant: 'c', subject: 'other' };

    const absent = await failed(transact([add('wallet', 1)], {}, other));
    await transact([insert('wallet')], {}, operator);
    const present = await failed(transact([add('wallet', 1)], {}, other));

    expect([present.code, present.message]).toEqual(['forbidden', absent.message]);
  });
});

describe('the form of a request', () => {
  const parse = (body: unknown) => parseRequest(JSON.stringify(body));
  const one = { sql: 'select 1' };

  test('has defaults', () => {
    expect(parse({ statements: [one, { ...one, params: [1], rowCount: 0 }] })).toEqual({
      statements: [
        { ...one, params: [], rowCount: undefined },
        { ...one, params: [1], rowCount: 0 },
      ],
      isolation: 'read committed',
      tokens: [],
      timeoutMs: 10_000,
      maxRows: 1_000,
    });
  });

  test.each<[string, unknown, string]>([
    ['no statement', { statements: [] }, '1 to 100 statements'],
    ['too many', { statements: Array.from({ length: 101 }, () => one) }, '1 to 100 statements'],
    [
      'another isolation',
      { statements: [one], isolation: 'read uncommitted' },
      'read committed, repeatable read',
    ],
    ['sql beside them', { statements: [one], sql: 'select 1' }, 'sql, which is not known'],
    ['freshness', { statements: [one], freshness: 0 }, 'freshness, which is not known'],
    ['a count below zero', { statements: [{ ...one, rowCount: -1 }] }, 'statements.0.rowCount'],
    ['an unknown member', { statements: [{ ...one, params: [], row: 1 }] }, 'statements.0 has row'],
  ])('refuses %s', (_what, body, named) => {
    expect(() => parse(body)).toThrow(
      expect.objectContaining({ code: 'invalid_request', message: expect.stringContaining(named) }),
    );
  });
});
