import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { columnOf } from '../../../lambda/model/index.ts';
import { daysOf, everyDay, isNone } from '../../../lambda/stores/archive/days.ts';
import { type Condition, createPredicate } from '../../../lambda/stores/predicate.ts';
import { contractCatalog, itemOf, itemRow } from '../contract-model.ts';

const item = itemOf(contractCatalog('days'));
const at = columnOf(item, 'at');
const count = columnOf(item, 'count');

const timestamp = fc
  .integer({ min: 0, max: 6 * 24 })
  .map((hours) => new Date(Date.UTC(2013, 0, 1) + hours * 3_600_000).toISOString().replace('Z', '000Z'));
const leaf = fc.oneof(
  fc.record({
    kind: fc.constant('compare' as const),
    column: fc.constant(at),
    operator: fc.constantFrom('=', '<>', '<', '<=', '>', '>='),
    value: fc.option(timestamp, { freq: 8 }),
  }),
  fc.record({
    kind: fc.constant('in' as const),
    column: fc.constant(at),
    values: fc.array(fc.option(timestamp, { freq: 8 }), { maxLength: 3 }),
  }),
  fc.constant<Condition>({ kind: 'compare', column: count, operator: '=', value: 1 }),
  fc.constant<Condition>({ kind: 'isNull', column: at }),
);
const { condition } = fc.letrec<{ condition: Condition }>((tie) => ({
  condition: fc.oneof(
    { maxDepth: 3 },
    leaf,
    fc.record({
      kind: fc.constantFrom('and' as const, 'or' as const),
      of: fc.array(tie('condition'), { maxLength: 3 }),
    }),
    fc.record({ kind: fc.constant('not' as const), of: tie('condition') }),
  ),
}));

test('no row that meets the conditions lies on a day that is passed over', () => {
  fc.assert(
    fc.property(fc.array(condition, { maxLength: 3 }), timestamp, (where, value) => {
      const row = itemRow({ at: value });
      fc.pre(where.every((each) => createPredicate(each)(row) === true));

      const { from, to } = daysOf('at', where);

      expect(from <= value.slice(0, 10) && value.slice(0, 10) <= to).toBe(true);
    }),
  );
});

test('a range of the timestamp is a range of days', () => {
  const from: Condition = {
    kind: 'compare',
    column: at,
    operator: '>=',
    value: '2013-01-02T10:00:00.000000Z',
  };
  const to: Condition = { kind: 'compare', column: at, operator: '<', value: '2013-01-05T00:00:00.000000Z' };

  expect(daysOf('at', [from, to])).toEqual({ from: '2013-01-02', to: '2013-01-05' });
  expect(daysOf('at', [{ kind: 'or', of: [from, to] }])).toEqual(everyDay);
  expect(daysOf('at', [{ kind: 'not', of: from }])).toEqual(everyDay);
});

test('conditions that contradict one another are no day', () => {
  const one: Condition = { kind: 'compare', column: at, operator: '=', value: '2013-01-02T10:00:00.000000Z' };
  const other: Condition = { ...one, value: '2013-01-03T10:00:00.000000Z' };

  expect(isNone(daysOf('at', [one, other]))).toBe(true);
  expect(isNone(daysOf('at', [{ kind: 'in', column: at, values: [null] }]))).toBe(true);
});
