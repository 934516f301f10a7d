import { describe, expect, test } from '@jest/globals';
import {
  aurora,
  compile,
  entity,
  model,
  present,
  shared,
  type TableIndexes,
  text,
} from '../../../lambda/model/index.ts';
import { type CurrentIndexes, indexesOf, nextStep } from '../../../lambda/stores/aurora/table-index.ts';

const wantedOf = (indexes: TableIndexes) => {
  const { entities } = compile(
    model('names', [
      entity('port', {
        key: ['a'],
        tenant: shared,
        fields: {
          a: text({ maxLength: 9 }),
          b: text({ maxLength: 9 }).optional(),
          aB: text({ maxLength: 9 }),
        },
        source: aurora({ indexes }),
      }),
    ]),
  );
  const [port] = entities;
  if (port?.source.kind !== 'aurora.source') throw new TypeError('its source is in Aurora');
  return indexesOf({ entity: port, target: port.source });
};

describe('what an index is called', () => {
  test('is as it always was when it has fields alone', () => {
    expect(wantedOf([['a', 'b']])).toEqual([{ name: 'port_a_b_idx', definition: '("a", "b")' }]);
  });

  test('changes with what else it has, and keeps apart what would be called the same', () => {
    const names = wantedOf([
      ['a', 'b'],
      ['aB'],
      { on: ['a'], include: ['b'] },
      { on: ['a'], where: { b: present } },
      { on: ['a'], where: { b: "it's" } },
    ]);

    expect(new Set(names.map(({ name }) => name)).size).toBe(5);
    expect(names.map(({ definition }) => definition)).toEqual([
      '("a", "b")',
      '("a_b")',
      '("a") include ("b")',
      '("a") where "b" is not null',
      `("a") where "b" = 'it''s'::text`,
    ]);
  });
});

describe('the next step towards an index', () => {
  const parent = { schema: 'view', table: 'sale' };
  const wanted = { name: 'sale_a_idx', definition: '("a")' };
  const whole = { table: 'sale', name: 'sale_a_idx', valid: false, partOf: null };
  const part = (month: string, more: Partial<CurrentIndexes['indexes'][number]> = {}) => ({
    ...{ table: `sale_${month}`, name: `sale_a_idx_${month}`, valid: true, partOf: null },
    ...more,
  });
  const partitions = ['sale_2013_01', 'sale_2013_02'];
  const step = (indexes: CurrentIndexes['indexes'], of: readonly string[] | undefined = partitions) =>
    nextStep(parent, wanted, { partitions: of, indexes });

  test('of a table is to build it, or to take away what is of no use', () => {
    const table = (indexes: CurrentIndexes['indexes']) =>
      nextStep(parent, wanted, { partitions: undefined, indexes });

    expect(table([])?.statement).toBe('create index concurrently "sale_a_idx" on "view"."sale" ("a")');
    expect(table([whole])).toEqual({
      how: 'concurrently',
      statement: 'drop index concurrently if exists "view"."sale_a_idx"',
    });
    expect(table([{ ...whole, valid: true }])).toBeUndefined();
  });

  test('of a partitioned one goes from the whole over each part to the end', () => {
    expect(step([])?.statement).toBe('create index if not exists "sale_a_idx" on only "view"."sale" ("a")');
    expect(step([whole])?.statement).toMatch(/^create index concurrently "sale_a_idx_2013_01"/);
    expect(step([whole, part('2013_01', { valid: false })])?.statement).toMatch(/^drop index concurrently/);
    expect(step([whole, part('2013_01')])?.statement).toBe(
      'alter index "view"."sale_a_idx" attach partition "view"."sale_a_idx_2013_01"',
    );
    expect(step([whole, part('2013_01', { partOf: 'sale_a_idx' })])?.statement).toMatch(
      /^create index concurrently "sale_a_idx_2013_02"/,
    );
    expect(step([{ ...whole, valid: true }])).toBeUndefined();
  });

  test('is to begin anew when all parts are there and the whole is not valid', () => {
    const parts = ['2013_01', '2013_02'].map((month) => part(month, { partOf: 'sale_a_idx' }));

    expect(step([whole, ...parts])).toEqual({
      how: 'briefly',
      statement: 'drop index if exists "view"."sale_a_idx"',
    });
  });
});
