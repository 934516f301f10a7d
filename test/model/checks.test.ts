import { describe, expect, test } from '@jest/globals';
import { and, type Checks, compare, compareCatalogs, decimal, json, or } from '../../lambda/model/index.ts';
import { brokenCheck, renderCheck } from '../../lambda/stores/row-checks.ts';
import { compiled, compiledThing, fields, problemsOf, thing } from './thing.ts';

describe('a declared check', () => {
  const entity = compiledThing({
    fields: { ...fields, price: decimal(10, 2) },
    checks: {
      amountNotNegative: compare('amount', '>=', 0),
      dearOrUsed: or(
        compare('price', '>', '10.5'),
        and(compare('state', '=', 'used'), compare('amount', '<', 9)),
      ),
    },
  });
  const row = { tenant: 'a', id: 1, amount: 3, state: 'used', price: '11.00' };

  test('is compiled by SQL names, with canonical constants', () => {
    expect(entity.checks[0]).toEqual({
      name: 'amount_not_negative',
      condition: { kind: 'compare', column: 'amount', operator: '>=', value: 0 },
    });
    expect(entity.checks.map(renderCheck)).toEqual([
      'amount >= 0',
      'price > "10.50" or (state = "used" and amount < 9)',
    ]);
  });

  test.each([
    ['holds', {}, undefined],
    ['is not broken by a null, which is unknown', { amount: null }, undefined],
    ['is broken where it is false', { amount: -1 }, 'amount_not_negative'],
    ['of alternatives is broken where all are false', { price: '10.50', state: 'new' }, 'dear_or_used'],
    ['of alternatives holds where one does', { price: '1.00', amount: 8 }, undefined],
  ])('%s', (_what, changed, broken) => {
    expect(brokenCheck(entity, { ...row, ...changed })?.name).toBe(broken);
  });
});

test('every check that no row could meet or that has no meaning is told', () => {
  const checks: Checks = {
    Wrong_name: compare('amount', '>=', 0),
    ['long'.repeat(11)]: compare('amount', '>=', 0),
    noSuchField: compare('nothing', '>=', 0),
    badValue: compare('amount', '>=', 'many'),
    // What a file without types may hold.
    badOperator: compare('amount', '~' as '=', 0),
    empty: and(),
    ofJson: compare('body', '=', 'x'),
    aBc: compare('amount', '>=', 0),
    aBC: compare('amount', '>=', 0),
  };

  const problems = problemsOf(thing({ fields: { ...fields, body: json() }, checks }));

  expect(problems).toEqual([
    expect.stringContaining('not camelCase'),
    expect.stringContaining('44 characters'),
    expect.stringContaining("'nothing', which is not declared"),
    expect.stringContaining("amount got 'many'"),
    expect.stringContaining("compares by '~'"),
    expect.stringContaining("empty 'and'"),
    expect.stringContaining('type json'),
    expect.stringContaining("the same SQL name 'a_bc' as 'aBc'"),
  ]);
});

test('a check that comes, changes or goes is said beside the model of before', () => {
  const before = compiled(thing({ checks: { a: compare('id', '>', 0), b: compare('id', '>', 1) } }));
  const after = compiled(thing({ checks: { b: compare('id', '>', 2), c: compare('id', '>', 3) } }));

  expect(compareCatalogs(before, after).changes).toEqual([
    'thing.a is no longer checked',
    expect.stringContaining('thing.b is another check'),
    expect.stringContaining('thing.c is a new check'),
  ]);
});
