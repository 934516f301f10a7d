import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { memoryGibOf } from '../../../../lib/constructs/relational-store/instance-memory.ts';
import {
  defaultConnections,
  defaultWorkMemMib,
  describeExcess,
  workMemoryGib,
} from '../../../../lib/constructs/relational-store/work-memory.ts';

describe('the memory of a class', () => {
  test.each([
    ['r8g.large', 16],
    ['r8g.4xlarge', 128],
    ['r8g.8xlarge', 256],
    ['r8g.12xlarge', 384],
    ['r8g.16xlarge', 512],
    ['m7g.xlarge', 16],
    ['t4g.medium', 4],
    ['t4g.micro', 1],
  ])('%s has %i GiB', (instanceClass, gib) => {
    expect(memoryGibOf(instanceClass)).toBe(gib);
  });

  test('is not guessed', () => {
    expect(memoryGibOf('r99.large')).toBeUndefined();
    expect(memoryGibOf('large')).toBeUndefined();
  });
});

describe('work_mem on every connection', () => {
  test('has as many connections as AWS documents', () => {
    // …/AuroraPostgreSQL.Managing.html: 5,000 from 2xlarge on.
    expect(defaultConnections(16)).toBe(1802);
    expect(defaultConnections(64)).toBe(5000);
  });

  test('fits any instance by default for the writer and for dashboards', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1536 }), (memoryGib) => {
        expect(workMemoryGib({ workMemMib: defaultWorkMemMib.writer }, memoryGib)).toBeLessThanOrEqual(
          memoryGib,
        );
        expect(workMemoryGib({ workMemMib: defaultWorkMemMib.dashboard }, memoryGib)).toBeLessThanOrEqual(
          memoryGib,
        );
      }),
    );
  });

  test('is warned of exactly where it exceeds the memory, and the bound that is named holds', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 768 }),
        fc.integer({ min: 1, max: 4096 }),
        fc.integer({ min: 6, max: 5000 }),
        (memoryGib, workMemMib, maxConnections) => {
          const role = { name: 'reporting', memoryGib, workMemMib };
          const most = Math.floor((memoryGib * 1024) / workMemMib);

          expect(describeExcess({ ...role, maxConnections }) !== undefined).toBe(
            workMemMib * maxConnections > memoryGib * 1024,
          );
          expect(describeExcess({ ...role, maxConnections: most })).toBeUndefined();
          expect(describeExcess({ ...role, maxConnections: most + 1 })).toMatch(`to ${most} at most`);
        },
      ),
    );
  });

  test('says what is needed, what there is and what to do', () => {
    const excess = describeExcess({ name: 'analytics', memoryGib: 32, workMemMib: 256 });

    expect(excess).toBe(
      'analytics: 256 MiB of work_mem on 3604 connections are 901 GiB, and an instance has 32. Bound maxConnections to 128 at most, or give less workMemMib or a larger class',
    );
  });
});
