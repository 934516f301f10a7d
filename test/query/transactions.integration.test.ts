import { randomUUID } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Row, Value } from '../../lambda/change/change.ts';
import { PolystoreError } from '../../lambda/errors.ts';
import { createQueryEngine, createTokens, type QueryEngine } from '../../lambda/query/index.ts';
import { createMemoryStore } from '../../lambda/stores/memory/index.ts';
import type { Caller } from '../../lambda/stores/store.ts';
import { createDatabase, type TestDatabase } from '../stores/aurora-database.ts';
import { bankCatalog } from './bank-model.ts';
import { operator, request, secret, realTimer as timer } from './harness.ts';
import { openTable } from './real-stores.ts';
import { type Sent, transactionOf } from './transaction-request.ts';

const catalog = bankCatalog('bank');
let database: TestDatabase;
let engine: QueryEngine;
let close = async (): Promise<void> => {};

beforeAll(async () => {
  database = await createDatabase(catalog, Date.now);
  const stores = {
    aurora: database.open({ clock: Date.now }),
    dynamodb: await openTable(catalog, `bank-${randomUUID()}`, Date.now),
    redis: createMemoryStore({ clock: Date.now }),
  };
  const tokens = createTokens(secret);
  engine = createQueryEngine({ catalog, stores, tokens, timer, clock: Date.now, generation: 0 });
  close = async () => {
    await Promise.all([stores.aurora.close(), stores.dynamodb.close()]);
    await database.drop();
  };
});
afterAll(() => close());

const tenant = (): Caller => ({ kind: 'tenant', tenant: `b-${randomUUID().slice(0, 8)}`, subject: 'test' });
const transact = (
  caller: Caller,
  statements: readonly Sent[],
  more: Parameters<typeof transactionOf>[1] = {},
) => engine.transact(transactionOf(statements, more), caller);
const bankOf = (caller: Caller): string => (caller.kind === 'tenant' ? caller.tenant : '');

describe.each(['account', 'wallet'])('a transaction on %s', (table) => {
  const open = async (caller: Caller, balances: readonly number[]): Promise<void> => {
    await engine.query(
      request(
        `insert into ${table} (bank, id, balance) values ${balances.map((_, index) => `($1, '${index}', $${index + 2})`).join(', ')}`,
        { params: [bankOf(caller), ...balances.map(String)] },
      ),
      caller,
    );
  };
  const balances = async (caller: Caller): Promise<readonly number[]> => {
    const ids = Array.from({ length: 4 }, (_, index) => String(index));
    const { rows } = await engine.query(
      request(`select id, balance from ${table} where bank = $1 and id = any($2)`, {
        params: [bankOf(caller), ids],
        freshness: 'strong',
      }),
      caller,
    );
    return rows
      .toSorted((a, b) => (String(a.id) < String(b.id) ? -1 : 1))
      .map(({ balance }) => Number(balance));
  };
  const add = (caller: Caller, id: string, amount: number): Sent => ({
    sql: `update ${table} set balance = balance + $1 where bank = $2 and id = $3`,
    params: [amount, bankOf(caller), id],
    rowCount: 1,
  });
  const transfer = (caller: Caller, from: string, to: string, amount: number) => [
    add(caller, from, -amount),
    add(caller, to, amount),
  ];
  /** The same again, as its error says, for as long as others are in the way. */
  const persist = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof PolystoreError) || error.code !== 'contended') throw error;
      await setTimeout(Math.random() * 20);
      return persist(work);
    }
  };

  test('moves an amount, answers each statement, and its token stands for all of it', async () => {
    const caller = tenant();
    await open(caller, [10, 0]);

    const { results, token, isolation } = await transact(caller, [
      { ...add(caller, '0', -4), sql: `${add(caller, '0', -4).sql} returning balance` },
      add(caller, '1', 4),
    ]);

    expect(results.map(({ rows, rowCount, route }) => [rows, rowCount, route.class])).toEqual([
      [[{ balance: '6' }], 1, 'write'],
      [[], 1, 'write'],
    ]);
    expect(isolation).toBe(table === 'wallet' ? 'serializable' : 'read committed');
    const read = await engine.query(
      request(`select balance from ${table} where bank = $1 and id = '1'`, {
        params: [bankOf(caller)],
        tokens: [token ?? ''],
      }),
      caller,
    );
    expect(read.rows).toEqual([{ balance: '4' }]);
  });

  test.each<[string, string, (caller: Caller) => Sent]>([
    ['an unknown account', 'precondition_failed', (caller) => add(caller, 'nobody', 1)],
    ['a check', 'check_violated', (caller) => add(caller, '1', -1)],
    [
      'an account that exists',
      'conflict',
      (caller) => ({
        sql: `insert into ${table} (bank, id, balance) values ($1, '1', 1)`,
        params: [bankOf(caller)],
      }),
    ],
    [
      'a number out of range',
      'invalid_value',
      (caller) => ({
        sql: `update ${table} set balance = balance + 9223372036854775807 where bank = $1 and id = '0'`,
        params: [bankOf(caller)],
      }),
    ],
    [
      'a condition that is not met',
      'precondition_failed',
      (caller) => ({
        ...add(caller, '0', 1),
        sql: `${add(caller, '0', 1).sql} and balance >= 100`,
      }),
    ],
  ])(
    'does nothing when its second statement fails for %s, and says which it was',
    async (_what, code, second) => {
      const caller = tenant();
      await open(caller, [10, 0]);

      await expect(transact(caller, [add(caller, '0', -4), second(caller)])).rejects.toMatchObject({
        code,
        message: expect.stringContaining('Statement 2 of 2'),
        details: { statement: 2 },
      });

      expect(await balances(caller)).toEqual([10, 0]);
    },
  );

  test('names the check that it would break, whatever the source', async () => {
    const caller = tenant();
    await open(caller, [10, 999_999]);

    await expect(transact(caller, transfer(caller, '0', '1', 2))).rejects.toMatchObject({
      code: 'check_violated',
      details: { entity: table, check: 'balance_bounded', statement: 2 },
    });
    await expect(
      engine.query(
        request(add(caller, '0', -11).sql, { params: add(caller, '0', -11).params ?? [] }),
        caller,
      ),
    ).rejects.toMatchObject({
      code: 'check_violated',
      details: { entity: table, check: 'balance_not_negative' },
    });
  });

  test('of two decrements at once both count, every time', async () => {
    const caller = tenant();
    await open(caller, [40, 0]);

    for (let round = 1; round <= 20; round += 1) {
      const decrement = () => transact(caller, [add(caller, '0', -1)]);
      const single = () =>
        engine.query(
          request(`update ${table} set balance = balance - 1 where bank = $1 and id = '0'`, {
            params: [bankOf(caller)],
          }),
          caller,
        );
      await Promise.all([persist(decrement), persist(single)]);

      expect(await balances(caller)).toEqual([40 - 2 * round, 0]);
    }
  });

  test('transfers at once keep the sum, take no balance below nothing, and happen as acknowledged', async () => {
    const isolation = fc.constantFrom('read committed', 'repeatable read', 'serializable');
    const move = fc.tuple(fc.nat(3), fc.nat(3), fc.integer({ min: 1, max: 15 }), isolation);
    await fc.assert(
      fc.asyncProperty(fc.array(move, { minLength: 3, maxLength: 10 }), async (moves) => {
        const caller = tenant();
        await open(caller, [20, 20, 20, 20]);

        const outcomes = await Promise.allSettled(
          moves.map(([from, to, amount, isolation]) =>
            transact(caller, transfer(caller, String(from), String(to), amount), { isolation }),
          ),
        );

        const expected = [20, 20, 20, 20];
        for (const [index, outcome] of outcomes.entries()) {
          const [from, to, amount] = moves[index] ?? [0, 0, 0];
          if (outcome.status === 'rejected') {
            // Two that wait for one another are a deadlock, which PostgreSQL ends.
            expect(outcome.reason).toMatchObject({
              code: expect.stringMatching(/^(check_violated|contended)$/),
            });
            continue;
          }
          expected[from] = (expected[from] ?? 0) - amount;
          expected[to] = (expected[to] ?? 0) + amount;
        }
        const now = await balances(caller);
        expect(now).toEqual(expected);
        expect(Math.min(...now)).toBeGreaterThanOrEqual(0);
      }),
      { numRuns: 12 },
    );
  });

  test('never touches a row of another tenant', async () => {
    const [own, other] = [tenant(), tenant()];
    await open(own, [10]);
    await open(other, [10]);

    const foreign = [add(own, '0', -1), { ...add(other, '0', 1), rowCount: undefined }];
    const outcome = await transact(own, foreign).then(
      ({ results }) => results.map(({ rowCount }) => rowCount),
      (error: PolystoreError) => [error.code, error.details.statement],
    );
    const inserted = transact(own, [
      add(own, '0', -1),
      { sql: `insert into ${table} (bank, id, balance) values ($1, '9', 1)`, params: [bankOf(other)] },
    ]);

    // As a single statement: row-level security shows no row; DynamoDB's rows are told by their key.
    expect(outcome).toEqual(table === 'account' ? [1, 0] : ['forbidden', 2]);
    await expect(inserted).rejects.toMatchObject({ code: 'forbidden', details: { statement: 2 } });
    expect(await balances(other)).toEqual([10]);
    expect(await balances(own)).toEqual([table === 'account' ? 9 : 10]);
    const both = await transact(operator, [add(own, '0', 1), add(other, '0', -1)]);
    expect(both.results.map(({ rowCount }) => rowCount)).toEqual([1, 1]);
  });
});

describe('what DynamoDB’s rows are set to', () => {
  const expression: fc.Arbitrary<string> = fc.letrec<{ tree: string; leaf: string }>((tie) => ({
    leaf: fc.oneof(
      fc.constantFrom(
        'balance',
        'small',
        'price',
        'fine',
        '$1',
        '$1',
        '0',
        '7',
        '-3',
        '2147483647',
        '3000000000',
        '1.5',
        '-0.005',
        '99999.99',
        'null',
      ),
      fc.integer().map(String),
    ),
    tree: fc.oneof(
      { maxDepth: 3 },
      tie('leaf'),
      fc
        .tuple(tie('tree'), fc.constantFrom('+', '-', '*'), tie('tree'))
        .map(([left, operator, right]) => `(${left} ${operator} ${right})`),
      tie('tree').map((inner) => `(- ${inner})`),
    ),
  })).tree;
  const held = fc.record({
    balance: fc
      .oneof(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), fc.bigInt({ min: -9n, max: 9n }))
      .map(String),
    small: fc.option(fc.oneof(fc.integer(), fc.integer({ min: -9, max: 9 })), { nil: null }),
    price: fc.integer({ min: -9_999_999, max: 9_999_999 }).map((cents) => (cents / 100).toFixed(2)),
    fine: fc.integer({ min: -99_999, max: 99_999 }).map((parts) => (parts / 1000).toFixed(3)),
  });

  test('is what PostgreSQL sets its to, or an error where PostgreSQL has one', async () => {
    const caller = tenant();
    const key = bankOf(caller);
    let compared = 0;
    const set = async (table: string, sql: string, params: readonly Value[]): Promise<Row | string> =>
      engine
        .query(
          request(
            `update ${table} set ${sql} where bank = $${params.length + 1} and id = 'x' returning balance, small, price, fine`,
            { params: [...params, key] },
          ),
          caller,
        )
        .then(
          ({ rows: [row = {}] }) => row,
          ({ code }: PolystoreError) => code,
        );
    await fc.assert(
      fc.asyncProperty(
        held,
        fc.constantFrom('balance', 'small', 'price', 'fine'),
        // A constant alone is set as it is, and has to fit.
        expression.filter((text) => / [+*-] |balance|small|price|fine/.test(text)),
        fc.constantFrom<Value>(5, '-2', null, 'x', '1.25', 9e15),
        async (row, column, text, param) => {
          for (const table of ['sum', 'tally'])
            await engine
              .query(request(`delete from ${table} where bank = $1 and id = 'x'`, { params: [key] }), caller)
              .then(() =>
                engine.query(
                  request(
                    `insert into ${table} (bank, id, balance, small, price, fine) values ($1, 'x', $2, $3, $4, $5)`,
                    {
                      params: [key, row.balance, row.small, row.price, row.fine],
                    },
                  ),
                  caller,
                ),
              );
          const params = text.includes('$1') ? [param] : [];
          const statement = `${column} = ${text}`;

          const postgres = await set('sum', statement, params);
          const dynamodb = await set('tally', statement, params);

          // What is not certain is refused; what is done is the same.
          if (dynamodb === 'not_supported') return;
          if (typeof postgres === 'string') expect(dynamodb).toBe('invalid_value');
          else expect(dynamodb).toEqual(postgres);
          compared += 1;
        },
      ),
      { numRuns: 250 },
    );
    expect(compared).toBeGreaterThan(100);
  });
});

describe('on Aurora', () => {
  const seed = async (caller: Caller) =>
    transact(caller, [
      {
        sql: "insert into account (bank, id, balance) values ($1, 'a', 1), ($1, 'b', 1)",
        params: [bankOf(caller)],
      },
    ]);

  test('reads see what was written before them, in one snapshot where it is asked for', async () => {
    const caller = tenant();

    const { results } = await transact(
      caller,
      [
        { sql: "insert into account (bank, id, balance) values ($1, 'a', 1)", params: [bankOf(caller)] },
        { sql: 'select count(*) as n, sum(balance) as sum from account' },
        {
          sql: "with gone as (delete from account where id = 'a' returning balance) select balance from gone",
        },
        { sql: 'select id from account' },
      ],
      { isolation: 'repeatable read' },
    );

    expect(results.map(({ rows }) => rows)).toEqual([[], [{ n: 1, sum: '1' }], [{ balance: '1' }], []]);
    expect(results.map(({ route }) => [route.placement, route.class])).toEqual([
      ['aurora.writer', 'write'],
      ['aurora.writer', 'read'],
      ['aurora.writer', 'write'],
      ['aurora.writer', 'read'],
    ]);
  });

  test('of two serializable transactions that each read what the other writes one is contended, with nothing done', async () => {
    let lost = 0;
    for (let round = 0; round < 10; round += 1) {
      const caller = tenant();
      await seed(caller);
      const drain = (id: string, isolation: string) =>
        transact(
          caller,
          [
            { sql: 'select sum(balance) from account' },
            {
              sql: `update account set balance = 0 where bank = $1 and id = '${id}' and (select sum(balance) from account) = 2`,
              params: [bankOf(caller)],
            },
          ],
          { isolation },
        );

      const outcomes = await Promise.allSettled([drain('a', 'serializable'), drain('b', 'serializable')]);

      const rejected = outcomes.filter((outcome) => outcome.status === 'rejected');
      for (const { reason } of rejected)
        expect(reason).toMatchObject({
          code: 'contended',
          retryable: true,
          message: expect.stringContaining('nothing was done'),
        });
      lost += rejected.length;
      const { rows } = await engine.query(
        request('select sum(balance) as sum from account', { freshness: 'strong' }),
        caller,
      );
      expect(rows).toEqual([{ sum: '1' }]);
    }
    expect(lost).toBeGreaterThan(0);
  });

  test('one deadline is for all of the statements, and nothing is done when it passes', async () => {
    const caller = tenant();
    await seed(caller);
    const slow =
      'select count(*) from (select 1 from account a, account b, account c, account d, account e, account f, account g, account h, account i, account j, account k, account l, account m, account n, account o, account p, account q, account r, account s, account t, account u, account v, account w, account x, account y, account z) x';

    await expect(
      transact(caller, [{ sql: "update account set balance = 9 where id = 'a'" }, { sql: slow }], {
        timeoutMs: 700,
      }),
    ).rejects.toMatchObject({ code: 'deadline_exceeded' });
    const { rows } = await engine.query(
      request("select balance from account where id = 'a'", { freshness: 'strong' }),
      caller,
    );

    expect(rows).toEqual([{ balance: '1' }]);
  });

  test('the rows of all answers together are bounded', async () => {
    const caller = tenant();
    await seed(caller);
    const two = { sql: 'select id from account' };

    expect((await transact(caller, [two, two], { maxRows: 4 })).results).toHaveLength(2);
    await expect(transact(caller, [two, two], { maxRows: 3 })).rejects.toMatchObject({
      code: 'result_too_large',
      details: { statement: 2 },
    });
  });
});
