import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  and,
  aurora,
  type Check,
  type Checks,
  type Comparison,
  compare,
  compile,
  decimal,
  entity,
  entityOf,
  integer,
  model,
  oneOf,
  or,
  text,
  timestamp,
} from '../../../lambda/model/index.ts';
import { applySchema } from '../../../lambda/stores/aurora/index.ts';
import { brokenCheck } from '../../../lambda/stores/row-checks.ts';
import { createDatabase, type TestDatabase } from '../aurora-database.ts';

const clock = (): number => Date.parse('2013-11-15T00:00:00Z');
const catalogOf = (checks: Checks) =>
  compile(
    model('checked', [
      entity('account', {
        key: ['bank', 'id'],
        tenant: 'bank',
        fields: {
          bank: text(),
          id: text(),
          balance: integer().optional(),
          rate: decimal(8, 3).optional(),
          kind: oneOf('it’s', 'or'),
          openedAt: timestamp().optional(),
        },
        source: aurora(),
        checks,
      }),
    ]),
  );
const notNegative = { balanceNotNegative: compare('balance', '>=', 0) };

describe('a declared check in Aurora', () => {
  let database: TestDatabase;
  beforeEach(async () => {
    database = await createDatabase(undefined, clock);
  });
  afterEach(() => database.drop());

  const migrate = (checks: Checks) =>
    applySchema({ connection: database.connection, catalog: catalogOf(checks), allow: [], clock });
  const put = (id: string, balance: number | null) =>
    database.query("insert into source.account (bank, id, balance, kind) values ('a', $1, $2, 'or')", [
      id,
      balance,
    ]);
  const constraints = () =>
    database.query(
      `select regexp_replace(conname, '_[0-9a-f]{8}$', '') as name, convalidated as valid
       from pg_constraint where conrelid = 'source.account'::regclass and conname ~ '_check_' order by 1`,
    );

  test('holds rows of a new table, lets nulls be, and is made once', async () => {
    await migrate(notNegative);
    const again = await migrate(notNegative);

    await put('1', 0);
    await put('2', null);
    await expect(put('3', -1)).rejects.toThrow(/balance_not_negative_check/);
    expect(again.statements).toEqual([]);
    expect(await constraints()).toEqual([{ name: 'balance_not_negative_check', valid: true }]);
  });

  test('compares every type and joins comparisons as the model says', async () => {
    await migrate({
      all: or(
        compare('kind', '=', 'it’s'),
        compare('rate', '<', '-0.5'),
        compare('openedAt', '>', '2020-01-01T00:00:00Z'),
      ),
    });
    const put = (kind: string, rate: string, at: string) =>
      database.query(
        "insert into source.account (bank, id, kind, rate, opened_at) values ('a', gen_random_uuid()::text, $1, $2, $3)",
        [kind, rate, at],
      );

    await put('it’s', '0', '2019-01-01');
    await put('or', '-0.501', '2019-01-01');
    await put('or', '0', '2020-01-01 00:00:01Z');
    await expect(put('or', '-0.5', '2020-01-01 00:00:00Z')).rejects.toThrow(/all_check/);
  });

  test('is added to a table with rows, replaced by another and dropped', async () => {
    await migrate({});
    await put('1', 5);

    await migrate(notNegative);
    expect(await constraints()).toEqual([{ name: 'balance_not_negative_check', valid: true }]);

    await migrate({ balanceNotNegative: compare('balance', '>', 4) });
    await expect(put('2', 4)).rejects.toThrow(/balance_not_negative_check/);

    await migrate({});
    await put('2', -4);
    expect(await constraints()).toEqual([]);
  });

  test('that rows break already is refused by name, holds what is written, and is validated once they are mended', async () => {
    await migrate({});
    await put('1', -5);

    await expect(migrate(notNegative)).rejects.toMatchObject({
      code: 'migration_refused',
      details: { entity: 'account', check: 'balance_not_negative' },
    });
    await expect(put('2', -1)).rejects.toThrow(/balance_not_negative_check/);
    await database.query('update source.account set balance = 0');
    await migrate(notNegative);

    expect(await constraints()).toEqual([{ name: 'balance_not_negative_check', valid: true }]);
  });

  test('refuses exactly the rows that the other stores refuse', async () => {
    const operators = fc.constantFrom<Comparison>('=', '<>', '<', '<=', '>', '>=');
    const comparison = fc.oneof(
      fc.tuple(fc.constant('balance'), operators, fc.integer({ min: -3, max: 3 })),
      fc.tuple(fc.constant('rate'), operators, fc.constantFrom('0', '-1.5', '0.005', '99999.999')),
      fc.tuple(fc.constant('kind'), operators, fc.constantFrom('it’s', 'or')),
      fc.tuple(
        fc.constant('openedAt'),
        operators,
        fc.constantFrom('2020-01-01T00:00:00Z', '2020-01-01T00:00:00.000001Z'),
      ),
      fc.tuple(fc.constant('id'), operators, fc.constantFrom('', 'a', 'Z', 'é', '\u{1f6eb}', '\uffee')),
    );
    const check: fc.Arbitrary<Check> = fc.letrec<{ check: Check }>((tie) => ({
      check: fc.oneof(
        { maxDepth: 2 },
        comparison.map(([field, operator, value]) => compare(field, operator, value)),
        fc.array(tie('check'), { minLength: 1, maxLength: 3 }).map((parts) => and(...parts)),
        fc.array(tie('check'), { minLength: 1, maxLength: 3 }).map((parts) => or(...parts)),
      ),
    })).check;
    const row = fc.record({
      bank: fc.uuid(),
      id: fc.constantFrom('', 'a', 'b', 'Z', 'é', '\u{1f6eb}', '\uffef'),
      balance: fc.option(fc.integer({ min: -4, max: 4 }), { nil: null }),
      rate: fc.option(fc.constantFrom('0.000', '-1.500', '-1.501', '0.005', '99999.999'), { nil: null }),
      kind: fc.constantFrom('it’s', 'or'),
      opened_at: fc.option(fc.constantFrom('2020-01-01T00:00:00.000000Z', '2020-01-01T00:00:00.000001Z'), {
        nil: null,
      }),
    });
    const taken = { yes: 0, no: 0 };
    for (const declared of fc.sample(check, 12)) {
      const catalog = catalogOf({ declared });
      await applySchema({ connection: database.connection, catalog, allow: [], clock });
      for (const one of fc.sample(row, 25)) {
        const inserted = await database
          .query(
            'insert into source.account (bank, id, balance, rate, kind, opened_at) values ($1, $2, $3, $4, $5, $6)',
            Object.values(one),
          )
          .then(
            () => true,
            (error: { constraint?: string }) => {
              expect(error.constraint).toMatch(/^declared_check_/);
              return false;
            },
          );

        expect([declared, one, inserted]).toEqual([
          declared,
          one,
          brokenCheck(entityOf(catalog, 'account'), one) === undefined,
        ]);
        taken[inserted ? 'yes' : 'no'] += 1;
      }
      // Another check would find the rows of this one in its way.
      await database.query('truncate source.account');
    }
    expect(Math.min(taken.yes, taken.no)).toBeGreaterThan(10);
  });
});
