import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { entityOf } from '../../../lambda/model/index.ts';
import { decodeItem, encodeRow, encodeTombstone, type Image } from '../../../lambda/stores/dynamodb/item.ts';
import { extremes } from '../contract-cases.ts';
import { contractCatalog, itemOf, itemRow, keyOfRow } from '../contract-model.ts';

const catalog = contractCatalog('items');
const entity = itemOf(catalog);

describe('items', () => {
  test.each(extremes)('a row with %j is read back from its item', (columns) => {
    const row = itemRow(columns);

    expect(decodeItem(catalog, encodeRow(entity, row, 7n))).toEqual({
      kind: 'row',
      entity,
      key: keyOfRow(entity, row),
      position: 7n,
      row,
    });
  });

  test('every float is read back from its item', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        // JSON knows no negative zero.
        const row = itemRow({ ratio: value + 0 });

        expect(decodeItem(catalog, encodeRow(entity, row, 1n))).toMatchObject({ row: { ratio: value + 0 } });
      }),
    );
  });

  test('an item has the keys of its indexes, and none of an index that a null keeps it out of', () => {
    const item = encodeRow(entity, itemRow({ note: null }), 1n);

    expect(item.pk).toEqual({ S: 'T#acme#L#one' });
    expect(item.sk).toEqual({ S: 'N#1#AT#2013-01-01T10:15:00.000000Z' });
    expect(item.byState_pk?.S).toMatch(/^T#acme#S#new#[0-3]$/);
    expect(item.byState_sk).toEqual({ S: '2013-01-01T10:15:00.000000Z' });
    expect(item).not.toHaveProperty('byNote_pk');
    expect(item).not.toHaveProperty('byNote_sk');
    expect(item).not.toHaveProperty('note');
  });

  test('a spread index uses all of its partitions, and always the same one for a row', () => {
    const partition = (number: number, count: number) =>
      encodeRow(entity, itemRow({ number: String(number), count }), 1n).byState_pk?.S;
    const numbers = Array.from({ length: 100 }, (_, number) => number);

    expect(new Set(numbers.map((number) => partition(number, 1))).size).toBe(4);
    expect(numbers.map((number) => partition(number, 1))).toEqual(
      numbers.map((number) => partition(number, 2)),
    );
  });

  test('a tombstone has its key, what never changes and an end, and is in no index', () => {
    const row = itemRow();
    const tombstone = encodeTombstone(entity, row, 9n, 1_000_000);

    expect(Object.keys(tombstone).sort()).toEqual(
      ['at', 'deleted', 'entity', 'label', 'number', 'pk', 'place', 'sk', 'tenant', 'ttl', 'version'].sort(),
    );
    expect(tombstone.ttl).toEqual({ N: String(1_000 + 9 * 24 * 3600) });
    expect(decodeItem(catalog, tombstone)).toEqual({
      kind: 'tombstone',
      entity,
      key: keyOfRow(entity, row),
      position: 9n,
      before: { ...keyOfRow(entity, row), place: row.place },
    });
  });

  test('an item of an entity that lives elsewhere, or of none, is not ours', () => {
    expect(decodeItem(catalog, { pk: { S: 'a' } })).toBeUndefined();
    expect(decodeItem(catalog, { entity: { S: 'nothing' } })).toBeUndefined();
    expect(decodeItem(catalog, { entity: { S: entityOf(catalog, 'account').name } })).toBeUndefined();
  });

  test.each([
    ['no version', 'version', undefined],
    ['an attribute of another type', 'note', { BOOL: true }],
    ['JSON that is none', 'extra', { S: '{' }],
    ['no value where one must be', 'state', undefined],
  ])('an item with %s is refused by name', (_what, name, attribute) => {
    const { [name]: _old, ...others } = encodeRow(entity, itemRow(), 1n);
    const image: Image = attribute === undefined ? others : { ...others, [name]: attribute };

    expect(() => decodeItem(catalog, image)).toThrow(name);
  });

  test('numbers as DynamoDB spells them are canonical again', () => {
    const image = { ...encodeRow(entity, itemRow(), 1n), price: { N: '1E+2' }, large: { N: '1E+3' } };

    expect(decodeItem(catalog, image)).toMatchObject({ row: { price: '100.0000000000', large: '1000' } });
  });
});
