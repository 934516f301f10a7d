import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type Change, coalesce, keyText } from '../../lambda/change/change.ts';
import {
  createVersion,
  generationOf,
  parseVersion,
  positionOf,
  renderVersion,
} from '../../lambda/change/version.ts';

const generation = fc.integer({ min: 0, max: 127 });
const position = fc.bigInt({ min: 0n, max: 2n ** 56n - 1n });

describe('a version', () => {
  it('keeps its generation and position through its text', () => {
    fc.assert(
      fc.property(generation, position, (g, p) => {
        const version = parseVersion(renderVersion(createVersion(g, p)));
        expect([generationOf(version), positionOf(version)]).toEqual([g, p]);
      }),
    );
  });

  it('is ordered by generation, then position, as a bigint and as a text alike', () => {
    fc.assert(
      fc.property(generation, position, generation, position, (g1, p1, g2, p2) => {
        const [a, b] = [createVersion(g1, p1), createVersion(g2, p2)];
        const lower = g1 < g2 || (g1 === g2 && p1 < p2);
        expect(a < b).toBe(lower);
        expect(renderVersion(a) < renderVersion(b)).toBe(lower);
      }),
    );
  });

  it('refuses what does not fit its bits', () => {
    expect(() => createVersion(128, 0n)).toThrow(RangeError);
    expect(() => createVersion(0, 2n ** 56n)).toThrow(RangeError);
    expect(() => createVersion(0, -1n)).toThrow(RangeError);
    expect(() => parseVersion('9999999999999999999')).toThrow(RangeError);
    expect(() => parseVersion('12')).toThrow(RangeError);
  });
});

describe('coalesce', () => {
  const change = (id: number, version: number, kind: 'upsert' | 'delete'): Change => {
    const base = { entity: 'thing', key: { id }, version: createVersion(0, BigInt(version)) };
    return kind === 'delete' ? { ...base, kind } : { ...base, kind, row: { id, version } };
  };
  const changes = fc.uniqueArray(
    fc.tuple(
      fc.integer({ min: 1, max: 3 }),
      fc.nat(20),
      fc.constantFrom('upsert' as const, 'delete' as const),
    ),
    {
      selector: ([id, version]) => `${id}/${version}`,
    },
  );

  it('keeps the highest version of each key, whatever the order', () => {
    fc.assert(
      fc.property(changes, fc.infiniteStream(fc.nat()), (list, random) => {
        const shuffled = list
          .map((each) => ({ each, at: random.next().value ?? 0 }))
          .sort((a, b) => a.at - b.at)
          .map(({ each }) => change(...each));
        const kept = coalesce(shuffled);

        expect(new Set(kept.map((each) => keyText(each.key))).size).toBe(kept.length);
        for (const each of shuffled) {
          const survivor = kept.find((other) => keyText(other.key) === keyText(each.key));
          expect(survivor !== undefined && survivor.version >= each.version).toBe(true);
        }
      }),
    );
  });

  it('takes keys of the same columns in another order for the same key', () => {
    expect(keyText({ a: 1, b: 'x' })).toBe(keyText({ b: 'x', a: 1 }));
    expect(keyText({ a: 1 })).not.toBe(keyText({ a: '1' }));
  });
});
