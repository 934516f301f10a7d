import { describe, expect, test } from '@jest/globals';
import {
  ascending,
  bytes,
  compareCatalogs,
  dynamodb,
  type EntityDefinition,
  integer,
  kafka,
  keyspaces,
  oneOf,
  redis,
  text,
} from '../../lambda/model/index.ts';
import { compiled, fields, thing } from './thing.ts';

const keys = { partitionKey: 'TENANT#{tenant}', sortKey: 'ID#{id}' };
const byState = { partitionKey: '{tenant}#{state}', sortKey: '{id}' };

/** From one entity to another, by way of the file that the former is kept in. */
const compared = (before: Partial<EntityDefinition>, after: Partial<EntityDefinition>) =>
  compareCatalogs(JSON.parse(JSON.stringify(compiled(thing(before)))), compiled(thing(after)));

describe('a model beside what it was', () => {
  test('has not changed when it is the same', () => {
    const same = { source: dynamodb({ ...keys, indexes: { byState } }), views: { card: redis.hash() } };

    expect(compared(same, same)).toEqual({ changes: [], refused: [] });
  });

  test.each<[string, Partial<EntityDefinition>, Partial<EntityDefinition>, readonly string[]]>([
    ['a view', {}, { views: { card: redis.hash() } }, ['thing.card is new: backfill it']],
    [
      'another view',
      { views: { card: redis.hash() } },
      { views: { card: redis.hash({ fields: ['note'] }) } },
      ['thing.card changes: rebuild it'],
    ],
    ['one view less', { views: { card: redis.hash() } }, {}, ['thing.card is dropped']],
    ['an optional field', {}, { fields: { ...fields, more: text().optional() } }, ['thing.more is new']],
    [
      'one more value',
      {},
      { fields: { ...fields, state: oneOf('new', 'used', 'lost') } },
      ['thing.state changes'],
    ],
    ['an index, which waves say', {}, { source: dynamodb({ ...keys, indexes: { byState } }) }, []],
    [
      'an index that holds something else',
      { source: dynamodb({ ...keys, indexes: { byState } }) },
      { source: dynamodb({ ...keys, indexes: { byState: { ...byState, fields: ['note'] } } }) },
      [
        'thing.source.indexes.byState held all columns and holds tenant, id, note, state: it is removed and made anew, and until then queries do without it',
      ],
    ],
  ])('may have %s', (_, before, after, changes) => {
    expect(compared(before, after)).toEqual({ changes, refused: [] });
  });

  test.each<[string, Partial<EntityDefinition>, Partial<EntityDefinition>, RegExp]>([
    [
      'another key of its items',
      {},
      { source: dynamodb({ ...keys, sortKey: 'NUMBER#{id}' }) },
      /thing\.source\.sortKey was .*declare a new entity/,
    ],
    ['another source', { source: kafka() }, {}, /thing\.source was kafka\.source and is dynamodb\.source/],
    [
      'another key of an index under its name',
      { source: dynamodb({ ...keys, indexes: { byState } }) },
      { source: dynamodb({ ...keys, indexes: { byState: { ...byState, spread: 4 } } }) },
      /source\.indexes\.byState was .*give it another name/,
    ],
    [
      'another local index',
      {},
      { source: dynamodb({ ...keys, localIndexes: { byAmount: { sortKey: 'amount' } } }) },
      /Local indexes are as their table was made.*made byAmount/,
    ],
    [
      'a local index that holds something else',
      { source: dynamodb({ ...keys, localIndexes: { byAmount: { sortKey: 'amount' } } }) },
      { source: dynamodb({ ...keys, localIndexes: { byAmount: { sortKey: 'amount', fields: [] } } }) },
      /Local indexes are as their table was made.*changed byAmount/,
    ],
    ['a field that rows lack', {}, { fields: { ...fields, more: text() } }, /thing\.more is new.*optional/],
    [
      'a field that may not be missing any more',
      {},
      { fields: { ...fields, note: text() } },
      /thing\.note was optional/,
    ],
    [
      'another type',
      {},
      { fields: { ...fields, note: integer().optional() } },
      /thing\.note was .*text.* and is .*integer/,
    ],
    [
      'a shorter text',
      { fields: { ...fields, note: text({ maxLength: 20 }).optional() } },
      { fields: { ...fields, note: text({ maxLength: 10 }).optional() } },
      /thing\.note was .*20.* and is .*10/,
    ],
    [
      'fewer bytes',
      { fields: { ...fields, note: bytes().optional() } },
      { fields: { ...fields, note: bytes({ maxLength: 10 }).optional() } },
      /thing\.note was .* and is .*10/,
    ],
    [
      'another partition in Keyspaces',
      { views: { wide: keyspaces.table({ by: ['tenant', 'kind'], orderBy: ascending('id') }) } },
      { views: { wide: keyspaces.table({ by: ['tenant'], orderBy: ascending('id') }) } },
      /thing\.views\.wide has another partitionKey.*give the view another name/,
    ],
  ])('cannot have %s', (_, before, after, message) => {
    const { refused } = compared(before, after);

    expect(refused.join('\n')).toMatch(message);
  });
});
