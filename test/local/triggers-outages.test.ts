import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { gatherOutages, type TriggerNotice } from '../../local/triggers/index.ts';

const notice = (message: string, retry?: TriggerNotice['retry']): TriggerNotice => ({
  level: retry === 'over' ? 'info' : 'warn',
  trigger: 'apply-redis ← flights.changes.flight',
  message,
  ...(retry !== undefined && { retry }),
});

/** What is told of these notices. */
function gather(notices: readonly TriggerNotice[]): readonly string[] {
  const told: string[] = [];
  const take = gatherOutages('apply-redis', ({ trigger, message }) => told.push(`${trigger}: ${message}`));
  notices.forEach(take);
  return told;
}

describe('gatherOutages', () => {
  test('tells of the first partition that fails, and of the end with the number of all', () => {
    const partitions = [0, 1, 2, 3];

    const told = gather([
      ...partitions.map((partition) => notice(`reading partition ${partition} failed`, 'begins')),
      ...partitions.map((partition) => notice(`reading partition ${partition} failed again`, 'goes on')),
      ...partitions.map((partition) => notice(`reading partition ${partition} succeeded`, 'over')),
    ]);

    expect(told).toEqual([
      'apply-redis ← flights.changes.flight: reading partition 0 failed',
      'apply-redis: nothing fails any more; 4 reads and batches had failed',
    ]);
  });

  test('says no more of a single failure that passes', () => {
    const told = gather([notice('a batch failed', 'begins'), notice('a batch succeeded', 'over')]);

    expect(told).toEqual(['apply-redis ← flights.changes.flight: a batch failed']);
  });

  test('tells of the next outage again', () => {
    const outage = [notice('failed', 'begins'), notice('succeeded', 'over')];

    expect(gather([...outage, ...outage])).toHaveLength(2);
  });

  test('keeps back nothing that is no retry', () => {
    const told = gather([
      notice('failed', 'begins'),
      notice('changes are gone'),
      notice('succeeded', 'over'),
    ]);

    expect(told).toContain('apply-redis ← flights.changes.flight: changes are gone');
  });

  test('tells at most two lines of an outage, however many partitions fail in whatever order', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(5), { maxLength: 60 }), (partitions) => {
        // A partition that is met again has recovered.
        const failing = new Set<number>();
        let outages = 0;
        const notices = partitions.map((partition) => {
          const stage = failing.has(partition) ? 'over' : 'begins';
          if (stage === 'begins') {
            if (failing.size === 0) outages += 1;
            failing.add(partition);
          } else failing.delete(partition);
          return notice(`partition ${partition}`, stage);
        });

        const told = gather(notices);

        expect(told.length).toBeGreaterThanOrEqual(outages);
        expect(told.length).toBeLessThanOrEqual(2 * outages);
      }),
    );
  });
});
