import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { CatalogColumn, CatalogTerm } from '../../lambda/model/index.ts';
import { readDomains } from '../../lambda/query/domain.ts';
import { locate } from '../../lambda/query/locate.ts';

const at: CatalogColumn = {
  ...{ name: 'at', field: 'at', optional: false, immutable: true },
  type: { kind: 'timestamp' },
};
const most = 7;
const hourMs = 3_600_000;
const canonical = (ms: number): string => new Date(ms).toISOString().replace('Z', '000Z');

/** The hours, days or months of a range, found hour by hour. */
function unitsOf(unit: CatalogTerm['unit'], fromMs: number, toMs: number): readonly string[] {
  const length = { hour: 13, day: 10, month: 7, value: 0 }[unit];
  const starts = new Set<string>();
  for (let ms = fromMs; ms < toMs; ms += hourMs) starts.add(canonical(ms).slice(0, length));
  starts.add(canonical(toMs).slice(0, length));
  return [...starts];
}

const starts = fc.constantFrom('2012-02-27', '2012-12-30', '2013-01-01', '9999-12-20').map(Date.parse);
const range = fc
  .tuple(starts, fc.integer({ min: 0, max: 48 * 60 }), fc.constantFrom(1, 60, 24 * 60), fc.nat(9 * 24))
  .map(([base, minutes, grain, many]) => {
    const fromMs = base + (minutes - (minutes % grain)) * 60_000;
    return { fromMs, toMs: Math.min(fromMs + many * grain * 60_000, Date.parse('9999-12-31T23:59:59Z')) };
  });

test('a range of times lies in its hours, days or months, and fills those that it is settled for', () => {
  let settled = 0;
  fc.assert(
    fc.property(range, fc.constantFrom('hour', 'day', 'month'), ({ fromMs, toMs }, unit) => {
      const [from, to] = [canonical(fromMs), canonical(toMs)];
      const domains = readDomains([
        { kind: 'compare', column: at, operator: '>=', value: from },
        { kind: 'compare', column: at, operator: '<', value: to },
      ]);
      if (domains.empty) return;

      // The last instant before the end.
      const units = unitsOf(unit, fromMs, toMs - 1);
      const located = locate([{ column: 'at', unit }], domains, most);

      expect(located.kind).toBe(units.length > most ? 'unlocated' : 'located');
      if (located.kind === 'unlocated') return;
      expect(located.partitions.map((partition) => String(partition.at).slice(0, units[0]?.length))).toEqual(
        units,
      );
      const isWhole = (ms: number): boolean => unitsOf(unit, ms - 1, ms).length === 2;
      expect(located.settled.has('at')).toBe(isWhole(fromMs) && isWhole(toMs));
      settled += located.settled.size;
    }),
    { numRuns: 2_000 },
  );
  expect(settled).toBeGreaterThan(50);
});
