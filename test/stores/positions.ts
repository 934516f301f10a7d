import fc from 'fast-check';
import type { Position } from '../../lambda/stores/earth-distance.ts';
import { mapped } from '../../lambda/stores/redis/geo-score.ts';

const within = (min: number, max: number) => fc.double({ min, max, noNaN: true }).map((value) => value + 0);

const latitude = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: -90_000_000, max: 90_000_000 }).map((value) => value / 1e6) },
  within(-90, 90),
  within(-90, -80),
  within(80, 90),
  fc.constantFrom(90, -90, 0, mapped.latitude, -mapped.latitude, 85.0511287801, 85, -85),
);
const longitude = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: -180_000_000, max: 180_000_000 }).map((value) => value / 1e6) },
  within(-180, 180),
  within(179, 180),
  within(-180, -179),
  fc.constantFrom(180, -180, 0, 45, -45, 179.999999),
);

/** Places all over the earth, the poles, the date line and the edges of Redis' map among them more often than by chance. */
export const position: fc.Arbitrary<Position> = fc.record({ latitude, longitude });

/** A place near another, from less than a metre to some hundred kilometres away. */
export const nearTo = ({ latitude: y, longitude: x }: Position): fc.Arbitrary<Position> =>
  fc
    .record({
      scale: fc.constantFrom(1e-6, 1e-4, 1e-2, 1, 5),
      north: within(-1, 1),
      east: within(-1, 1),
    })
    .map(({ scale, north, east }) => ({
      latitude: Math.max(-90, Math.min(90, y + scale * north)),
      longitude: ((((x + scale * east + 180) % 360) + 360) % 360) - 180,
    }));
