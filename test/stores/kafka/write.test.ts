import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { maxRecordBytes, recordBytes } from '../../../lambda/change/encode.ts';
import type { LogRecord } from '../../../lambda/change/envelope.ts';
import { offsetsOf, planRequests } from '../../../lambda/stores/kafka/write.ts';

const record = (key: string, size: number, topic = 'a'): LogRecord => ({
  topic,
  key,
  value: 'x'.repeat(size),
  headers: {},
});
const someRecords = fc.array(
  fc
    .tuple(fc.string({ maxLength: 3 }), fc.integer({ min: 0, max: 3_000_000 }), fc.constantFrom('a', 'b'))
    .map(([key, size, topic]) => record(key, size, topic)),
  { maxLength: 8 },
);

describe('planRequests', () => {
  test('keeps every record once and in order, and no partition’s batch above the limit', () => {
    fc.assert(
      fc.property(someRecords, fc.integer({ min: 1, max: 6 }), (records, partitions) => {
        const requests = planRequests(records, () => partitions);

        expect(requests.flat().map(({ index }) => index)).toEqual(records.map((_, index) => index));
        for (const request of requests) {
          const bytes = new Map<string, number>();
          for (const placed of request) {
            const batch = `${placed.record.topic}-${placed.partition}`;
            bytes.set(batch, (bytes.get(batch) ?? 0) + recordBytes(placed.record));
          }
          expect(Math.max(...bytes.values())).toBeLessThanOrEqual(maxRecordBytes);
        }
      }),
      { numRuns: 30 },
    );
  });

  test('puts what fits into one request', () => {
    expect(planRequests([record('a', 10), record('b', 10), record('a', 10)], () => 6)).toHaveLength(1);
  });
});

describe('offsetsOf', () => {
  test('counts up from the base offset of each partition', () => {
    const request = planRequests([record('a', 1), record('a', 1), record('a', 1, 'b')], () => 1)[0] ?? [];

    const offsets = offsetsOf(request, [
      { topic: 'a', partition: 0, offset: 40n },
      { topic: 'b', partition: 0, offset: 7n },
    ]);

    expect(offsets).toEqual([40n, 41n, 7n]);
  });

  test('leaves out what the broker did not answer for', () => {
    const request = planRequests([record('a', 1), record('a', 1, 'b')], () => 1)[0] ?? [];

    expect(offsetsOf(request, [{ topic: 'b', partition: 0, offset: 7n }])).toEqual([undefined, 7n]);
  });
});
