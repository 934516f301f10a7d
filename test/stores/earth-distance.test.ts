import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { earthDistance, furthestMetres, type Position } from '../../lambda/stores/earth-distance.ts';
import { position } from './positions.ts';

const radius = 6_372_797.560856;

/** By the angle between two vectors, whose arc tangent is exact of near and of opposite places alike. */
function byVectors(a: Position, b: Position): number {
  const radians = Math.PI / 180;
  const [f, g] = [a.latitude * radians, b.latitude * radians];
  const l = (b.longitude - a.longitude) * radians;
  const y = Math.hypot(
    Math.cos(g) * Math.sin(l),
    Math.cos(f) * Math.sin(g) - Math.sin(f) * Math.cos(g) * Math.cos(l),
  );
  return radius * Math.atan2(y, Math.sin(f) * Math.sin(g) + Math.cos(f) * Math.cos(g) * Math.cos(l));
}

test('the distance of two places is that of another formula, to the millimetre, and to 0.3 m of opposite ones', () => {
  fc.assert(
    fc.property(position, position, (a, b) => {
      const metres = earthDistance(a, b);

      const isNearlyOpposite = metres > furthestMetres - 1000;
      expect(Math.abs(metres - byVectors(a, b))).toBeLessThan(isNearlyOpposite ? 0.3 : 0.00051);
    }),
    { numRuns: 5000 },
  );
});

test('it is the same both ways, nothing from a place to itself, and never beyond half of the way around', () => {
  fc.assert(
    fc.property(position, position, (a, b) => {
      expect(earthDistance(a, b)).toBe(earthDistance(b, a));
      expect(earthDistance(a, a)).toBe(0);
      expect(earthDistance(a, b)).toBeLessThanOrEqual(furthestMetres);
    }),
    { numRuns: 5000 },
  );
});

test('it is known of two airports', () => {
  const newark = { latitude: 40.6925, longitude: -74.168667 };
  const houston = { latitude: 29.984433, longitude: -95.341442 };

  // 1400 miles, as the flights' data say.
  expect(earthDistance(newark, houston) / 1609.344).toBeCloseTo(1400, -1);
});
