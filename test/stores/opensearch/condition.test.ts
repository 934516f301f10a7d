import { expect, test } from '@jest/globals';
import { columnOf } from '../../../lambda/model/index.ts';
import { renderSelection } from '../../../lambda/stores/opensearch/read.ts';
import type { Condition } from '../../../lambda/stores/predicate.ts';
import { contractCatalog, placementOf } from '../contract-model.ts';

const catalog = contractCatalog('conditions');
const placement = placementOf(catalog, 'item.found');
const column = (name: string) => columnOf(placement.entity, name);
const bound = (name: string, operator: '<' | '<=' | '>' | '>=', value: string | number): Condition => ({
  ...{ kind: 'compare', column: column(name), operator, value },
});
const filterOf = (where: readonly Condition[]): unknown =>
  renderSelection({ placement, where, match: [] }, 0).bool?.filter;
const from = bound('seen_at', '>=', '2013-01-01T00:00:00.000000Z');
const to = bound('seen_at', '<', '2013-01-02T00:00:00.000000Z');
const day = {
  range: { seen_at: { gte: '2013-01-01T00:00:00.000000Z', lt: '2013-01-02T00:00:00.000000Z' } },
};

test('both ends of a range are one query: each alone would go through half of the index', () => {
  expect(filterOf([from, bound('count', '>', 3), to])).toEqual([day, { range: { count: { gt: 3 } } }]);
  expect(filterOf([{ kind: 'and', of: [from, to] }])).toEqual([{ bool: { filter: [day] } }]);
});

test('two bounds to one side stay two', () => {
  const later = bound('seen_at', '>', '2013-01-01T12:00:00.000000Z');

  expect(filterOf([from, later, to])).toEqual([
    day,
    { range: { seen_at: { gt: '2013-01-01T12:00:00.000000Z' } } },
  ]);
});

test('what only one of two conditions has to meet is not joined', () => {
  expect(filterOf([{ kind: 'or', of: [from, to] }])).toEqual([
    {
      bool: {
        should: [
          { range: { seen_at: { gte: '2013-01-01T00:00:00.000000Z' } } },
          { range: { seen_at: { lt: '2013-01-02T00:00:00.000000Z' } } },
        ],
        minimum_should_match: 1,
      },
    },
  ]);
});
