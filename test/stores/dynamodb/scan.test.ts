import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  beginScan,
  parsePosition,
  renderPosition,
  type SegmentPosition,
} from '../../../lambda/stores/dynamodb/scan.ts';

const segment: fc.Arbitrary<SegmentPosition> = fc.oneof(
  fc.constantFrom('start' as const, 'end' as const),
  fc.record({ pk: fc.string({ unit: 'binary' }), sk: fc.string({ unit: 'binary' }) }),
);

test('where a page ended is read back as it was, and a scan that has read all goes on nowhere', () => {
  fc.assert(
    fc.property(fc.array(segment, { minLength: 1, maxLength: 9 }), (position) => {
      const text = renderPosition(position);

      if (position.every((each) => each === 'end')) expect(text).toBeUndefined();
      else expect(parsePosition(text ?? '')).toEqual(position);
    }),
  );
});

test('a scan begins in each of its segments', () => {
  expect(beginScan(3)).toEqual(['start', 'start', 'start']);
});
