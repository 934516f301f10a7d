import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createBatcher } from '../../local/triggers/batches.ts';
import { renderEvent, renderRecord } from '../../local/triggers/change-log-event.ts';

/** All batches that come of records, the last one with room left. */
function batchesOf<T>(
  records: readonly T[],
  batchSize: number,
  maxBytes?: number,
): readonly (readonly T[])[] {
  const batcher = createBatcher<T>(batchSize, maxBytes);
  batcher.add(records);
  const batches: (readonly T[])[] = [];
  for (let batch = batcher.takeFull(); batch !== undefined; batch = batcher.takeFull()) batches.push(batch);
  const rest = batcher.takeRest();
  return rest.length === 0 ? batches : [...batches, rest];
}

describe('createBatcher', () => {
  const limits = { batchSize: fc.integer({ min: 1, max: 10 }), maxBytes: fc.integer({ min: 5, max: 200 }) };

  test('keeps every record, in order', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string()),
        limits.batchSize,
        limits.maxBytes,
        (records, batchSize, maxBytes) => {
          expect(batchesOf(records, batchSize, maxBytes).flat()).toEqual(records);
        },
      ),
    );
  });

  test('makes no batch empty, or above a limit unless one record is', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string()),
        limits.batchSize,
        limits.maxBytes,
        (records, batchSize, maxBytes) => {
          for (const batch of batchesOf(records, batchSize, maxBytes)) {
            expect(batch.length).toBeGreaterThan(0);
            expect(batch.length).toBeLessThanOrEqual(batchSize);
            if (batch.length > 1)
              expect(Buffer.byteLength(JSON.stringify(batch))).toBeLessThanOrEqual(maxBytes + 1);
          }
        },
      ),
    );
  });

  test('by default keeps an event below what a function may be sent', () => {
    const record = renderRecord('flights.changes.flight', 0, {
      offset: 1n,
      timestamp: 1n,
      timestampType: 'LOG_APPEND_TIME',
      key: Buffer.from('k'),
      value: Buffer.alloc(1_000_000, 'x'),
      headers: [],
    });

    const batches = batchesOf(
      Array.from({ length: 9 }, () => record),
      1000,
    );

    expect(batches.map((batch) => batch.length)).toEqual([4, 4, 1]);
    for (const batch of batches) {
      const event = renderEvent(['127.0.0.1:9092'], 'flights.changes.flight', 0, batch);
      expect(Buffer.byteLength(JSON.stringify(event))).toBeLessThan(6_291_456);
    }
  });
});

describe('renderRecord', () => {
  test('keeps bytes of keys, values and headers, and which of them are absent', () => {
    const bytes = fc.option(fc.uint8Array().map((array) => Buffer.from(array)));
    fc.assert(
      fc.property(bytes, bytes, fc.uint8Array(), (key, value, header) => {
        const rendered = renderRecord('t', 3, {
          offset: 9n,
          timestamp: 1_700_000_000_000n,
          timestampType: 'CREATE_TIME',
          key,
          value,
          headers: [[Buffer.from('h'), Buffer.from(header)]],
        });

        expect(rendered.key === null ? null : Buffer.from(rendered.key, 'base64')).toEqual(key);
        expect(rendered.value === null ? null : Buffer.from(rendered.value, 'base64')).toEqual(value);
        expect(Buffer.from(rendered.headers[0]?.h ?? [])).toEqual(Buffer.from(header));
        expect(rendered).toMatchObject({ topic: 't', partition: 3, offset: 9, timestamp: 1_700_000_000_000 });
      }),
    );
  });
});
