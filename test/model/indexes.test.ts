import { describe, expect, test } from '@jest/globals';
import {
  type AuroraSourcePlacement,
  aurora,
  float,
  json,
  present,
  type TableIndexes,
  text,
} from '../../lambda/model/index.ts';
import { compiledThing, fields, problemsOf, thing } from './thing.ts';

const withIndexes = (indexes: TableIndexes) =>
  thing({
    fields: { ...fields, weight: float().optional(), extra: json().optional() },
    source: aurora({ indexes }),
  });

describe('an index of a table in PostgreSQL', () => {
  test('has fields, and may carry others and be of some rows alone', () => {
    const { source } = compiledThing(
      withIndexes([
        ['tenant', 'happenedAt'],
        {
          on: ['tenant', 'amount'],
          include: ['note'],
          where: { state: 'new', amount: [1, 2], note: present, happenedAt: '2013-01-01T00:00:00Z' },
        },
        { on: ['note'], where: { amount: null } },
      ]),
    );

    // Its source is in Aurora.
    expect((source as AuroraSourcePlacement).indexes).toEqual([
      { columns: ['tenant', 'happened_at'], include: [], where: [] },
      {
        columns: ['tenant', 'amount'],
        include: ['note'],
        where: [
          { column: 'state', values: ['new'] },
          { column: 'amount', values: [1, 2] },
          { column: 'note', values: undefined },
          { column: 'happened_at', values: ['2013-01-01T00:00:00.000000Z'] },
        ],
      },
      { columns: ['note'], include: [], where: [{ column: 'amount', values: [] }] },
    ]);
  });

  test.each<[string, TableIndexes, RegExp]>([
    ['no field', [[]], /thing\.source\.indexes \(\) is over no field/],
    ['a field that is not declared', [{ on: ['nothing'] }], /names the field 'nothing'/],
    [
      'a carried field that is not declared',
      [{ on: ['id'], include: ['nothing'] }],
      /names the field 'nothing'/,
    ],
    [
      'a condition on a field that is not declared',
      [{ on: ['id'], where: { nothing: 1 } }],
      /names the field 'nothing'/,
    ],
    ['a field twice', [['id', 'id']], /\(id, id\) has id more than once/],
    ['a field that it carries besides', [{ on: ['id'], include: ['id'] }], /has id more than once/],
    ['the same again', [['id'], { on: ['id'] }], /\(id\) is there twice/],
    ['no condition', [{ on: ['id'], where: {} }], /has a `where` without a condition/],
    ['no value', [{ on: ['id'], where: { state: [] } }], /compares 'state' with no value/],
    [
      'a value that it never has',
      [{ on: ['id'], where: { state: 'odd' } }],
      /no row meets: state got 'odd'; it takes one of new, used/,
    ],
    [
      'a value of another type',
      [{ on: ['id'], where: { amount: 'many' } }],
      /no row meets: amount got 'many'/,
    ],
    [
      'what always has a value',
      [{ on: ['id'], where: { kind: present } }],
      /whether 'kind' has a value, which it always has/,
    ],
    [
      'what never lacks one',
      [{ on: ['id'], where: { kind: null } }],
      /whether 'kind' has a value, which it always has/,
    ],
    ['a float', [{ on: ['id'], where: { weight: 1.5 } }], /compares 'weight' of type float/],
  ])('is refused with %s', (_what, indexes, problem) => {
    expect(problemsOf(withIndexes(indexes)).join('\n')).toMatch(problem);
  });

  test('may be of the values of a JSON only by whether it has one', () => {
    expect(problemsOf(withIndexes([{ on: ['id'], where: { extra: present } }]))).toEqual([]);
  });

  test('takes 32 fields, those that it carries among them', () => {
    const names = Array.from({ length: 33 }, (_, at) => `f${'abcdefghijklmnopqrstuvwxyzABCDEFG'[at]}`);
    const wide = Object.fromEntries(names.map((name) => [name, text({ maxLength: 2 })]));
    const problems = (count: number): readonly string[] =>
      problemsOf(
        thing({
          fields: { ...fields, ...wide },
          source: aurora({ indexes: [{ on: ['id'], include: names.slice(0, count) }] }),
        }),
      );

    expect(problems(31)).toEqual([]);
    expect(problems(32)).toEqual([expect.stringContaining('has 33 fields; PostgreSQL takes 32')]);
  });

  test('has room for what it carries', () => {
    const problems = problemsOf(
      thing({
        fields: { ...fields, long: text({ maxLength: 700 }) },
        source: aurora({ indexes: [['id'], { on: ['id'], include: ['long'] }] }),
      }),
    );

    expect(problems).toEqual([
      expect.stringMatching(/^thing\.source may come to 2,\d+ bytes for the index over id, long/),
    ]);
  });

  test('says all of its problems at once', () => {
    expect(problemsOf(withIndexes([[], { on: ['id', 'id'], where: {} }]))).toHaveLength(3);
  });
});
