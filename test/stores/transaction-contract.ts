import { randomUUID } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Row } from '../../lambda/change/change.ts';
import { type CatalogEntity, columnOf } from '../../lambda/model/index.ts';
import type { Expression } from '../../lambda/stores/expression.ts';
import type { Condition } from '../../lambda/stores/predicate.ts';
import type { Expecting, SourceStatement, SourceWriter } from '../../lambda/stores/store.ts';
import { itemRow, keyOfRow } from './contract-model.ts';

export interface TransactionHarness {
  readonly entity: () => CatalogEntity;
  readonly writer: () => SourceWriter;
  /** The rows that are there of the given ones, by their number. */
  readonly read: (rows: readonly Row[]) => Promise<readonly Row[]>;
  readonly versions: (rows: readonly Row[]) => Promise<readonly (bigint | undefined)[]>;
}

/** What several statements do at once; run against memory and DynamoDB. */
export function transactionContract({ entity, writer, read, versions }: TransactionHarness): void {
  const rowsOf = (count: number, fields: Row = {}): readonly Row[] => {
    const tenant = `t-${randomUUID()}`;
    return Array.from({ length: count }, (_, index) =>
      itemRow({ tenant, number: String(index), count: 10, price: '10.0000000000', ...fields }),
    );
  };
  const transact = (statements: readonly Expecting<SourceStatement>[]) => writer().transact(statements);
  const insert = (rows: readonly Row[]): SourceStatement => ({ kind: 'insert', entity: entity(), rows });
  const add = (
    row: Row,
    column: 'count' | 'price' | 'large',
    amount: string,
    where?: Condition,
  ): SourceStatement => ({
    kind: 'update',
    entity: entity(),
    key: keyOfRow(entity(), row),
    set: {},
    computed: { [column]: plus(column, amount) },
    ...(where !== undefined && { where }),
  });
  const plus = (name: string, amount: string): Expression => {
    const column = columnOf(entity(), name);
    // The columns of these tests are of such kinds.
    const type = column.type.kind as 'integer' | 'bigint' | 'decimal';
    return {
      kind: 'arithmetic',
      operator: '+',
      left: { kind: 'column', column },
      right: { kind: 'constant', type, value: amount },
    };
  };
  const countIs = (operator: '=' | '<>' | '>', value: number): Condition => ({
    kind: 'compare',
    column: columnOf(entity(), 'count'),
    operator,
    value,
  });
  const seeded = async (count: number, fields: Row = {}): Promise<readonly [Row, Row, ...Row[]]> => {
    const rows = rowsOf(count, fields);
    await transact([insert(rows)]);
    // Asked for two at least.
    return rows as readonly [Row, Row, ...Row[]];
  };

  describe('several statements', () => {
    test('are done in their order, and each sees those before', async () => {
      const [old] = await seeded(2);
      const [made = old] = rowsOf(1);

      const written = await transact([
        insert([made]),
        add(made, 'count', '5'),
        add(old, 'count', '-3'),
        add(made, 'count', '1', countIs('=', 15)),
        add(made, 'count', '1', countIs('=', 15)),
      ]);

      expect(written.map((rows) => rows.map(({ row, before }) => [before?.count, row?.count]))).toEqual([
        [[undefined, 10]],
        [[10, 15]],
        [[10, 7]],
        [[15, 16]],
        [],
      ]);
      expect((await read([made, old])).map(({ count }) => count).sort()).toEqual([16, 7]);
      const [first] = written[0] ?? [];
      expect(written[3]?.[0]?.version).toBe(first?.version);
      expect(await versions([made])).toEqual([first?.version]);
    });

    test('may write, delete and insert one row', async () => {
      const [row, other] = await seeded(2);
      const key = keyOfRow(entity(), row);
      const remove = { kind: 'delete', entity: entity(), key } as const;

      const written = await transact([add(row, 'count', '1'), remove, insert([{ ...row, count: 99 }])]);
      expect(await read([row])).toEqual([{ ...row, count: 99 }]);
      expect(written.map((one) => one[0]?.row?.count)).toEqual([11, undefined, 99]);

      const gone = await transact([remove, insert([row]), remove, add(other, 'count', '1')]);
      expect(await read([row])).toEqual([]);
      expect(await versions([row])).toEqual([gone[2]?.[0]?.version]);

      const [never = row] = rowsOf(1);
      const removeNever = { ...remove, key: keyOfRow(entity(), never) };
      await transact([insert([never]), removeNever]);
      expect(await read([never])).toEqual([]);
    });

    test('of no row do nothing, and nothing at all is no write', async () => {
      const [row] = await seeded(2);
      const [absent = row] = rowsOf(1);
      const before = await versions([row]);

      expect(
        await transact([
          add(absent, 'count', '1'),
          add(row, 'count', '1', countIs('=', 0)),
          { kind: 'none', entity: entity() },
        ]),
      ).toEqual([[], [], []]);
      expect(await transact([])).toEqual([]);
      expect(await versions([row])).toEqual(before);
    });

    test.each<
      [string, string, (rows: readonly [Row, Row, ...Row[]]) => readonly Expecting<SourceStatement>[]]
    >([
      ['finds its row taken', 'conflict', ([one, two]) => [add(one, 'count', '1'), insert([two])]],
      [
        'breaks a check',
        'check_violated',
        ([one, two]) => [add(one, 'price', '1'), add(two, 'price', '-10.5')],
      ],
      [
        'inserts what breaks a check',
        'check_violated',
        ([one, two]) => [add(one, 'price', '1'), insert([{ ...two, label: 'other', price: '-1' }])],
      ],
      [
        'meets another number of rows than it is to',
        'precondition_failed',
        ([one, two]) => [
          add(one, 'count', '1'),
          { ...add({ ...two, number: '77' }, 'count', '1'), rowCount: 1 },
        ],
      ],
      [
        'runs out of range',
        'invalid_value',
        ([one, two]) => [add(one, 'count', '1'), add(two, 'count', '2147483647')],
      ],
      [
        'names no column',
        'unknown_column',
        ([one, two]) => [
          add(one, 'count', '1'),
          { kind: 'update', entity: entity(), key: keyOfRow(entity(), two), set: { nothing: 1 } },
        ],
      ],
    ])('do nothing when one %s, and say which', async (_what, code, statements) => {
      const rows = await seeded(2);

      await expect(transact(statements(rows))).rejects.toMatchObject({
        code,
        message: expect.stringContaining('Statement 2 of 2'),
        details: { statement: 2 },
      });

      expect(await read(rows)).toEqual(rows);
    });

    test('touch a hundred rows at most', async () => {
      const rows = await seeded(100);
      const [more = rows[0]] = rowsOf(1);
      const each = rows.map((row) => add(row, 'count', '1'));

      await transact(each);
      await expect(transact([...each, add(more, 'count', '1')])).rejects.toMatchObject({
        code: 'payload_too_large',
        message: expect.stringContaining('101 rows'),
      });

      expect((await read(rows)).map(({ count }) => count)).toEqual(rows.map(() => 11));
    });
  });

  describe('at once', () => {
    test('decrements of one row all count, and none takes it below its check', async () => {
      for (let round = 0; round < 6; round += 1) {
        const [row] = await seeded(2, { price: '5.0000000000' });

        const outcomes = await Promise.allSettled(
          Array.from({ length: 8 }, () => transact([add(row, 'price', '-1')])),
        );

        const done = outcomes.filter(({ status }) => status === 'fulfilled').length;
        expect([done, (await read([row]))[0]?.price]).toEqual([5, '0.0000000000']);
        for (const outcome of outcomes)
          if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ code: 'check_violated' });
      }
    });

    test('transfers keep the sum, break no check, and happen exactly when they are acknowledged', async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.tuple(fc.nat(3), fc.nat(3), fc.integer({ min: 1, max: 12 })), {
            minLength: 4,
            maxLength: 12,
          }),
          async (transfers) => {
            const rows = await seeded(4, { price: '20.0000000000' });
            const at = (index: number): Row => rows[index] ?? rows[0];

            const outcomes = await Promise.allSettled(
              transfers.map(([from, to, amount]) =>
                transact([
                  { ...add(at(from), 'price', `-${amount}`), rowCount: 1 },
                  { ...add(at(to), 'price', String(amount)), rowCount: 1 },
                ]),
              ),
            );

            const expected = [20, 20, 20, 20];
            for (const [index, outcome] of outcomes.entries()) {
              const [from, to, amount] = transfers[index] ?? [0, 0, 0];
              if (outcome.status === 'rejected') {
                expect(outcome.reason).toMatchObject({
                  code: expect.stringMatching(/check_violated|contended/),
                });
                continue;
              }
              expected[from] = (expected[from] ?? 0) - amount;
              expected[to] = (expected[to] ?? 0) + amount;
            }
            const prices = (await read(rows)).map(({ price }) => Number(price));
            expect(prices).toEqual(expected);
            expect(Math.min(...prices)).toBeGreaterThanOrEqual(0);
          },
        ),
        { numRuns: 12 },
      );
    });

    test('none goes by what another changes meanwhile, even of rows that it only looks at', async () => {
      // Each may go to zero only while the other is not there: run one after the other, one of them stays.
      for (let round = 0; round < 25; round += 1) {
        const [one, two] = await seeded(2);
        const unlessZero = (looked: Row, zeroed: Row) =>
          transact([
            { ...add(looked, 'count', '0', countIs('=', 0)), rowCount: 0 },
            { ...add(zeroed, 'count', '-10', countIs('>', 0)), rowCount: 1 },
          ]);

        const outcomes = await Promise.allSettled([unlessZero(one, two), unlessZero(two, one)]);

        const zeros = (await read([one, two])).filter(({ count }) => count === 0);
        expect([zeros.length, outcomes.filter(({ status }) => status === 'fulfilled').length]).toEqual([
          1, 1,
        ]);
      }
    });
  });
}
