import { expect, test } from '@jest/globals';
import { murmur2 as theirs } from '@platformatic/kafka';
import fc from 'fast-check';
import { murmur2, partitionOf } from '../../../lambda/stores/kafka/partition.ts';

// The values of Kafka's own UtilsTest.testMurmur2.
test.each([
  ['21', -973_932_308],
  ['foobar', -790_332_482],
  ['a-little-bit-long-string', -985_981_536],
  ['a-little-bit-longer-string', -1_486_304_829],
  ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58_897_971],
  ['abc', 479_470_107],
])('murmur2 of %s is what Java computes', (text, hash) => {
  expect(murmur2(Buffer.from(text))).toBe(hash);
});

// Java drops the sign bit of the hash; its absolute value would be another partition.
test.each([
  ['21', (-973_932_308 + 2 ** 31) % 6],
  ['abc', 479_470_107 % 6],
])('the key %s lies where Java puts it', (text, partition) => {
  expect(partitionOf(Buffer.from(text), 6)).toBe(partition);
});

test('murmur2 agrees with another implementation for any bytes', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
      expect(murmur2(bytes)).toBe(theirs(Buffer.from(bytes)));
    }),
  );
});

test('a key that lies in a larger buffer has the same partition', () => {
  const key = Buffer.from('xxflight-1', 'utf8').subarray(2);

  expect(partitionOf(key, 6)).toBe(partitionOf(Buffer.from('flight-1'), 6));
});

test('every partition is within the topic', () => {
  fc.assert(
    fc.property(fc.uint8Array(), fc.integer({ min: 1, max: 1000 }), (key, partitions) => {
      const partition = partitionOf(key, partitions);

      expect(partition >= 0 && partition < partitions).toBe(true);
    }),
  );
});
