import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Row } from '../../lambda/change/change.ts';
import { columnOf } from '../../lambda/model/index.ts';
import { readDomains, within } from '../../lambda/query/domain.ts';
import { type Condition, createPredicate } from '../../lambda/stores/predicate.ts';
import { flightEntity } from './harness.ts';

const delay = columnOf(flightEntity, 'departure_delay_minutes');
const small = fc.option(fc.integer({ min: -3, max: 3 }));
const operators = ['=', '<>', '<', '<=', '>', '>='] as const;
const leaf: fc.Arbitrary<Condition> = fc.oneof(
  fc.record({
    kind: fc.constant('compare' as const),
    column: fc.constant(delay),
    operator: fc.constantFrom(...operators),
    value: small,
  }),
  fc.record({
    kind: fc.constant('in' as const),
    column: fc.constant(delay),
    values: fc.array(small, { maxLength: 3 }),
  }),
  fc.record({ kind: fc.constant('isNull' as const), column: fc.constant(delay) }),
);
const evaluate = (condition: Condition, row: Row) => createPredicate(condition)(row);
const conditions = fc.letrec<{ any: Condition }>((tie) => ({
  any: fc.oneof(
    { maxDepth: 3 },
    leaf,
    fc.record({
      kind: fc.constantFrom('and' as const, 'or' as const),
      of: fc.array(tie('any'), { minLength: 1, maxLength: 3 }),
    }),
    fc.record({ kind: fc.constant('not' as const), of: tie('any') }),
  ),
})).any;

test('a comparison with null is unknown, and so is its negation', () => {
  const equal: Condition = { kind: 'compare', column: delay, operator: '=', value: 1 };

  expect(evaluate(equal, { departure_delay_minutes: null })).toBeNull();
  expect(evaluate({ kind: 'not', of: equal }, {})).toBeNull();
});

test('in a list with null a value that is not found is unknown, one that is found is true', () => {
  const listed: Condition = { kind: 'in', column: delay, values: [1, null] };

  expect(evaluate(listed, { departure_delay_minutes: 2 })).toBeNull();
  expect(evaluate(listed, { departure_delay_minutes: 1 })).toBe(true);
});

test('nothing is in an empty list, and a null is in no list that has anything', () => {
  const row = { departure_delay_minutes: null };

  expect(evaluate({ kind: 'in', column: delay, values: [] }, row)).toBe(false);
  expect(evaluate({ kind: 'in', column: delay, values: [1] }, row)).toBeNull();
});

test('long lists are taken apart and tested in time that grows with their length only', () => {
  const tail = columnOf(flightEntity, 'tail_number');
  const values = Array.from({ length: 60_000 }, (_, index) => `N${index}`);
  const listed: Condition = { kind: 'in', column: tail, values };
  const startMs = performance.now();

  const { byColumn } = readDomains([listed, listed]);
  const isIn = createPredicate(listed);
  const found = Array.from({ length: 10_000 }, (_, index) => isIn({ tail_number: `N${index * 10}` }));

  expect(byColumn.get('tail_number')?.values).toHaveLength(60_000);
  expect(found.filter((truth) => truth === true)).toHaveLength(6_000);
  // Compared one by one this took minutes, during which no deadline could end it.
  expect(performance.now() - startMs).toBeLessThan(3_000);
});

test('false and unknown is false, true or unknown is true', () => {
  const unknown: Condition = { kind: 'compare', column: delay, operator: '=', value: null };
  const no: Condition = { kind: 'isNull', column: delay };
  const row = { departure_delay_minutes: 1 };

  expect(evaluate({ kind: 'and', of: [unknown, no] }, row)).toBe(false);
  expect(evaluate({ kind: 'or', of: [unknown, { kind: 'not', of: no }] }, row)).toBe(true);
});

test('negation passes through and and or as De Morgan says', () => {
  fc.assert(
    fc.property(fc.array(conditions, { minLength: 1, maxLength: 3 }), small, (parts, value) => {
      const row = { departure_delay_minutes: value };

      expect(evaluate({ kind: 'not', of: { kind: 'and', of: parts } }, row)).toBe(
        evaluate({ kind: 'or', of: parts.map((of) => ({ kind: 'not', of })) }, row),
      );
    }),
  );
});

test('domains and the other conditions together say exactly what the conditions say', () => {
  fc.assert(
    fc.property(fc.array(conditions, { maxLength: 4 }), small, (parts, value) => {
      const row = { departure_delay_minutes: value };
      const domains = readDomains(parts);
      const domain = domains.byColumn.get(delay.name);

      const inDomain =
        domain === undefined ||
        (value === null
          ? !domain.notNull
          : (domain.values?.includes(value) ?? true) && within(domain, value));
      const all = inDomain && domains.others.every((other) => evaluate(other, row) === true);

      expect(all).toBe(parts.every((part) => evaluate(part, row) === true));
      if (domains.empty) expect(all).toBe(false);
    }),
  );
});
