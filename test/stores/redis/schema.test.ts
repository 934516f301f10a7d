import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { columnOf } from '../../../lambda/model/index.ts';
import { rowId } from '../../../lambda/stores/placement.ts';
import { keyGroup, scoreOf } from '../../../lambda/stores/redis/schema.ts';
import { contractCatalog, itemOf, itemRow, placementOf } from '../contract-model.ts';

const catalog = contractCatalog('redis-schema');
const item = itemOf(catalog);

describe('keys of Redis', () => {
  test('say the tenant first, then the place, then what lies there', () => {
    expect(keyGroup(placementOf(catalog, 'item.ranking'), itemRow())).toEqual({
      rows: '{acme|2013-01-01}:item.ranking',
      due: '{acme|2013-01-01}:item.ranking:due',
      score: '{acme|2013-01-01}:item.ranking:score',
    });
    expect(keyGroup(placementOf(catalog, 'place.card'), { place: 'JFK' })?.rows).toBe(
      '{@shared|JFK}:place.card',
    );
  });

  test('of one group lie in one slot of a cluster, whatever the values are', () => {
    // Redis hashes what is between the first `{` and the next `}`, if that is not empty.
    const tag = (key: string): string | undefined => /^[^{]*\{([^}]+)\}/.exec(key)?.[1];

    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (tenant, place) => {
        const group = keyGroup(placementOf(catalog, 'item.hash'), itemRow({ tenant, place }));

        expect(tag(group?.rows ?? '')).toBeDefined();
        expect(tag(group?.due ?? '')).toBe(tag(group?.rows ?? ''));
      }),
    );
  });

  test('and row ids differ for different values, however these are cut', () => {
    const placement = placementOf(catalog, 'item.hash');
    const sign = fc.constantFrom('|', '%', '{', '}', 'a', '7C');
    const text = fc.array(sign, { maxLength: 4 }).map((signs) => signs.join(''));

    fc.assert(
      fc.property(text, text, text, text, (tenant, place, otherTenant, otherPlace) => {
        const one = itemRow({ tenant, place, label: place });
        const other = itemRow({ tenant: otherTenant, place: otherPlace, label: otherPlace });
        const same = tenant === otherTenant && place === otherPlace;

        expect(keyGroup(placement, one)?.rows === keyGroup(placement, other)?.rows).toBe(same);
        expect(rowId(placement, one) === rowId(placement, other)).toBe(same);
      }),
      {
        // Chance alone hardly finds two that are one text when a sign is not escaped.
        examples: [
          ['a|a', 'a', 'a', 'a|a'],
          ['a%7C', '', 'a|', ''],
          ['a%257C', '', 'a%7C', ''],
        ],
      },
    );
  });
});

describe('scores', () => {
  const seenAt = columnOf(item, 'seen_at');

  test('tell microseconds apart', () => {
    const [one = 0, two = 0] = ['2013-01-01T10:15:00.000001Z', '2013-01-01T10:15:00.000002Z'].map((at) =>
      scoreOf(seenAt, at),
    );

    expect(two - one).toBe(1);
    expect(scoreOf(seenAt, '1969-12-31T23:59:59.999999Z')).toBe(-1);
  });

  test('never turn the order of two times around', () => {
    const time = fc
      .tuple(
        fc.date({
          min: new Date('0001-01-01T00:00:00Z'),
          max: new Date('9999-12-31T23:59:59Z'),
          noInvalidDate: true,
        }),
        fc.nat(999_999),
      )
      .map(([date, micros]) => `${date.toISOString().slice(0, 19)}.${String(micros).padStart(6, '0')}Z`);

    fc.assert(
      fc.property(time, time, (a, b) => {
        if (a <= b) expect(scoreOf(seenAt, a)).toBeLessThanOrEqual(scoreOf(seenAt, b) ?? 0);
        else expect(scoreOf(seenAt, a)).toBeGreaterThanOrEqual(scoreOf(seenAt, b) ?? 0);
      }),
    );
  });

  test('are none for null', () => {
    expect(scoreOf(seenAt, null)).toBeUndefined();
  });
});
