import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  renderRoleParameters,
  renderSizedParameters,
} from '../../../../lib/constructs/relational-store/parameters.ts';

const gib = 1024 ** 3;
const pages = 8192;

/** What RDS makes of a formula: from left to right, decimals cut off (USER_ParamValuesRef). */
function evaluate(formula: string | undefined, memoryBytes: number): number {
  const least = /^LEAST\((\{.*\}),(\d+)\)$/.exec(formula ?? '');
  if (least !== null) return Math.min(evaluate(least[1], memoryBytes), Number(least[2]));
  const share = /^\{DBInstanceClassMemory(?:\*(\d+))?\/(\d+)\}$/.exec(formula ?? '');
  if (share === null) throw new TypeError(`${formula} is no formula`);
  return Math.floor((memoryBytes * Number(share[1] ?? 1)) / Number(share[2]));
}

const rds = renderSizedParameters('rds');
const aurora = renderSizedParameters('aurora');
const memories = fc.integer({ min: 1024 ** 3, max: 1536 * gib });

describe('the parameters of an instance', () => {
  test('are 32, 96 and 2 GiB where there are 128', () => {
    const of128 = (name: string) => evaluate(rds[name], 128 * gib);

    expect(of128('shared_buffers') * pages).toBe(32 * gib);
    expect(of128('effective_cache_size') * pages).toBe(96 * gib);
    expect(of128('maintenance_work_mem') * 1024).toBe(2 * gib);
  });

  test('are in the unit of each: pages of 8 kB, kB or MB', () => {
    expect(rds).toMatchObject({ wal_buffers: '2048', max_wal_size: '3072', random_page_cost: '1.1' });
    expect(renderRoleParameters({ workMemMib: 256, maxConnections: 80 })).toEqual({
      work_mem: '262144',
      max_connections: '80',
    });
    expect(renderRoleParameters({ workMemMib: 8 })).toEqual({ work_mem: '8192' });
  });

  test('keep their share of any memory to a page', () => {
    fc.assert(
      fc.property(memories, (memory) => {
        const [buffers, cache] = ['shared_buffers', 'effective_cache_size'].map(
          (name) => evaluate(rds[name], memory) * pages,
        ) as [number, number];

        expect(memory / 4 - buffers).toBeGreaterThanOrEqual(0);
        expect(memory / 4 - buffers).toBeLessThan(pages);
        expect((memory / 4) * 3 - cache).toBeGreaterThanOrEqual(0);
        expect((memory / 4) * 3 - cache).toBeLessThan(pages);
      }),
    );
  });

  test('let the three workers of autovacuum take no more than a twentieth, and no one 2 GiB', () => {
    fc.assert(
      fc.property(memories, (memory) => {
        const bytes = evaluate(aurora.maintenance_work_mem, memory) * 1024;

        expect(3 * bytes).toBeLessThanOrEqual(memory / 20);
        expect(bytes).toBeLessThanOrEqual(2 * gib);
      }),
    );
  });

  test('leave Aurora its buffers and its log', () => {
    expect(Object.keys(aurora).sort()).toEqual(['maintenance_work_mem', 'random_page_cost']);
    expect(Object.keys(rds).sort()).toEqual([
      'effective_cache_size',
      'maintenance_work_mem',
      'max_wal_size',
      'random_page_cost',
      'shared_buffers',
      'wal_buffers',
    ]);
  });
});
