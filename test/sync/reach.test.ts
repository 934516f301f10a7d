import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { subtractHoles } from '../../lambda/sync/reach.ts';

const topic = 'a.topic';
const offsets = fc.dictionary(fc.constantFrom('0', '1', '2'), fc.bigInt({ min: 1n, max: 20n }));
const places = fc.array(
  fc.record({
    topic: fc.constant(topic),
    partition: fc.integer({ min: 0, max: 3 }),
    offset: fc.bigInt({ min: 0n, max: 25n }),
  }),
  { maxLength: 6 },
);

test('what a view has without a hole are the records before its first hole, of each partition', () => {
  fc.assert(
    fc.property(offsets, places, (given, holes) => {
      const taken = new Map(
        Object.entries(given).map(([partition, offset]) => [Number(partition), offset] as const),
      );
      const isHole = (partition: number, offset: bigint): boolean =>
        holes.some((hole) => hole.partition === partition && hole.offset === offset);

      const whole = subtractHoles(taken, holes, topic);

      for (const [partition, offset] of taken) {
        let expected = 0n;
        while (expected < offset && !isHole(partition, expected)) expected += 1n;
        expect(whole.get(partition)).toBe(expected);
      }
    }),
  );
});

test('a hole that is of no record of the topic may be anywhere', () => {
  const taken = new Map([[0, 9n]]);

  expect(subtractHoles(taken, [{ topic, partition: -1, offset: -1n }], topic).size).toBe(0);
  expect(subtractHoles(taken, [{ topic: 'dynamodb-stream:t', partition: 0, offset: 0n }], topic).size).toBe(
    0,
  );
});
