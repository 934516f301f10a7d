import { describe, expect, test } from '@jest/globals';
import { planRollupWork } from '../../../lambda/stores/keyspaces/rollup-write.ts';
import { contractCatalog, placementOf, remove, upsert } from '../contract-model.ts';
import { readingRow } from './readings.ts';
import { saleRow, salesCatalog } from './sales.ts';

const readings = placementOf(contractCatalog('rollups'), 'reading.hourly');
const sales = placementOf(salesCatalog('rollups'), 'sale.hourly');
const reading = (id: number, hour: number, kind: string) =>
  readingRow({ id, hour, minute: 0, kind, degrees: 1 });

describe('the buckets that changes touch', () => {
  test('are the hours of a tenant, each once, with the metrics that events count for', () => {
    const rows = [reading(1, 0, 'warm'), reading(2, 0, 'warm'), reading(3, 0, 'cold'), reading(4, 5, 'warm')];

    const { buckets, rejected } = planRollupWork(
      readings,
      rows.map((row) => upsert(readings.entity, row, 1)),
    );

    expect(rejected).toEqual([]);
    expect(buckets.map(({ hour, metrics }) => [hour, metrics.map(({ name }) => name)])).toEqual([
      ['2013-01-31T20', ['readings', 'warm', 'cold']],
      ['2013-02-01T01', ['readings', 'warm']],
    ]);
  });

  test('have all metrics where a row is deleted, or may have been changed', () => {
    const event = remove(readings.entity, reading(1, 0, 'warm'), 2);
    const sale = upsert(sales.entity, saleRow({ tenant: 'acme', id: 1, hour: 0, kind: 'web' }), 2);

    expect(planRollupWork(readings, [event]).buckets[0]?.metrics).toHaveLength(3);
    expect(planRollupWork(sales, [sale]).buckets[0]?.metrics).toHaveLength(4);
  });

  test('are none for a change that does not say its hour, or whose tenant is too long', () => {
    const unsaid = {
      ...remove(sales.entity, saleRow({ tenant: 'a', id: 1, hour: 0 }), 1),
      before: undefined,
    };
    const long = upsert(sales.entity, saleRow({ tenant: 'x'.repeat(2040), id: 1, hour: 0 }), 1);

    expect(planRollupWork(sales, [unsaid, long])).toEqual({
      buckets: [],
      rejected: [
        { change: unsaid, reason: expect.stringContaining('keeps totals by at') },
        { change: long, reason: expect.stringMatching(/partition key has 2056 bytes/) },
      ],
    });
  });
});
