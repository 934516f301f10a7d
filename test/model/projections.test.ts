import { describe, expect, test } from '@jest/globals';
import {
  dynamodb,
  type EntityDefinition,
  extendWaves,
  indexesAt,
  integer,
  text,
  wavesOf,
} from '../../lambda/model/index.ts';
import { compiled, compiledThing, fields, problemsOf, thing } from './thing.ts';

type Options = Parameters<typeof dynamodb>[0];
const keys = { partitionKey: 'TENANT#{tenant}', sortKey: 'ID#{id}' };
const byState = { partitionKey: '{tenant}#{state}', sortKey: '{happenedAt}' };
const source = (options: Partial<Options>) => dynamodb({ ...keys, ...options });
const other = (options: Partial<Options>): EntityDefinition =>
  thing({
    name: 'other',
    source: dynamodb({ partitionKey: 'OTHER#{tenant}', sortKey: 'ID#{id}', ...options }),
  });

describe('what an index holds', () => {
  test('is all, unless it says', () => {
    const { table } = compiled(
      thing({ source: source({ indexes: { byState }, localIndexes: { byAmount: { sortKey: 'amount' } } }) }),
    );

    expect(table?.globalIndexes[0]).not.toHaveProperty('projection');
    expect(table?.localIndexes[0]).not.toHaveProperty('projection');
  });

  test.each([
    [['note'], ['tenant', 'id', 'note', 'happened_at', 'state']],
    [[], ['tenant', 'id', 'happened_at', 'state']],
  ])('is what keys are made of, and besides %p', (named, columns) => {
    const definition = { source: source({ indexes: { byState: { ...byState, fields: named } } }) };

    expect(compiledThing(definition).source).toMatchObject({ indexes: [{ columns }] });
    expect(compiled(thing(definition)).table?.globalIndexes).toEqual([
      {
        name: 'byState',
        partitionKeyAttribute: 'byState_pk',
        sortKeyAttribute: 'byState_sk',
        projection: ['deleted', 'entity', 'version', ...columns].sort(),
      },
    ]);
  });

  test('is the same of a local index, whose sort attribute is a key of it', () => {
    const definition = {
      source: source({ localIndexes: { byAmount: { sortKey: 'amount', fields: ['note'] } } }),
    };

    expect(compiledThing(definition).source).toMatchObject({
      localIndexes: [{ columns: ['tenant', 'id', 'note', 'amount'] }],
    });
    expect(compiled(thing(definition)).table?.localIndexes[0]?.projection).toEqual([
      'deleted',
      'entity',
      'id',
      'note',
      'tenant',
      'version',
    ]);
  });

  test('is of an index that two entities share what either names', () => {
    const { table } = compiled(
      thing({ source: source({ indexes: { byState: { ...byState, fields: ['note'] } } }) }),
      other({ indexes: { byState: { ...byState, fields: ['amount'] } } }),
    );

    expect(table?.globalIndexes[0]?.projection).toEqual([
      'amount',
      'deleted',
      'entity',
      'happened_at',
      'id',
      'note',
      'state',
      'tenant',
      'version',
    ]);
  });
});

describe('what cannot be is told at once', () => {
  test('of one index', () => {
    const spoiled = { ...byState, fields: ['nothing', 'id', 'state', 'note', 'note'] };

    expect(problemsOf(thing({ source: source({ indexes: { byState: spoiled } }) }))).toEqual([
      expect.stringMatching(
        /^thing\.source\.indexes\.byState\.fields names the field 'nothing', which is not/,
      ),
      expect.stringMatching(/names id, state, of the keys, which the index holds anyway: leave it out/),
      expect.stringMatching(/names note more than once/),
    ]);
  });

  test('of one that another entity wants whole', () => {
    expect(
      problemsOf(
        thing({ source: source({ indexes: { byState: { ...byState, fields: [] } } }) }),
        other({ indexes: { byState } }),
      ),
    ).toEqual([
      expect.stringMatching(
        /thing\.source\.indexes\.byState\.fields names fields.* of other: name fields in/,
      ),
    ]);
  });

  const wide = (count: number) =>
    Object.fromEntries(Array.from({ length: count }, (_, at) => [`more${at}`, integer().optional()]));
  /** So many indexes that hold so many attributes each: seven are there anyway. */
  const many = (indexes: number, attributes: number) => {
    const more = wide(attributes - 7);
    return thing({
      fields: { ...fields, ...more },
      source: source({
        indexes: Object.fromEntries(
          Array.from({ length: indexes }, (_, at) => [
            `index${at}`,
            { ...byState, fields: Object.keys(more) },
          ]),
        ),
      }),
    });
  };

  test('of one that holds more than DynamoDB lets it', () => {
    expect(problemsOf(many(1, 20))).toEqual([]);
    expect(problemsOf(many(1, 21))).toEqual([
      expect.stringMatching(/fields makes the index hold 21 attributes beside its keys.*DynamoDB takes 20/),
    ]);
  });

  test('of all together', () => {
    expect(problemsOf(many(5, 20))).toEqual([]);
    expect(problemsOf(many(6, 20))).toEqual([
      expect.stringMatching(/has indexes with `fields` that hold 120 attributes.*DynamoDB takes 100/),
    ]);
  });
});

test('an index that comes to hold something else is left, removed, made and used again', () => {
  const indexesOf = (named: readonly string[] | undefined) =>
    compiled(
      thing({
        fields: { ...fields, more: text().optional() },
        source: source({ indexes: { byState: { ...byState, ...(named && { fields: named }) } } }),
      }),
    ).table?.globalIndexes ?? [];
  const [before, after] = [indexesOf(['note']), indexesOf(['note', 'more'])];

  const waves = extendWaves(wavesOf(before), after);

  expect(waves.steps.map(({ kind }) => kind)).toEqual(['leave', 'remove', 'make', 'use']);
  expect(indexesAt(waves, 4)).toEqual({ made: after, used: ['byState'] });
  expect(extendWaves(waves, after).steps).toHaveLength(4);
  expect(extendWaves(wavesOf(indexesOf(undefined)), after).steps).toHaveLength(4);
});
