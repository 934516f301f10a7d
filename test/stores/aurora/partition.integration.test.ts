import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Row } from '../../../lambda/change/change.ts';
import type { SqlStore } from '../../../lambda/stores/store.ts';
import { createDatabase, type TestDatabase } from '../aurora-database.ts';
import { contractCatalog, itemOf, itemRow, keyOfRow, placementOf, upsert } from '../contract-model.ts';

const catalog = contractCatalog('partition');
const entity = itemOf(catalog);
const table = placementOf(catalog, 'item.table');
const clock = (): number => Date.UTC(2013, 0, 1);

describe('months of a view in Aurora', () => {
  let database: TestDatabase;
  let store: SqlStore;
  beforeAll(async () => {
    database = await createDatabase(catalog, clock);
    store = database.open({ clock });
  });
  afterAll(async () => {
    await store.close();
    await database.drop();
  });
  const rowsAt = (times: readonly string[]): readonly Row[] => {
    const tenant = randomUUID();
    return times.map((at) => itemRow({ tenant, at }));
  };
  const apply = (rows: readonly Row[], position: number) =>
    store.apply(
      table,
      rows.map((row) => upsert(entity, row, position)),
    );
  const timesOf = async (rows: readonly Row[]): Promise<readonly unknown[]> => {
    const keys = rows.map((row) => keyOfRow(entity, row));
    const found = await store.read({ kind: 'keys', placement: table, keys });
    return found.map(({ row }) => row.at).sort();
  };

  test('hold their first and last microsecond, in UTC, from the year 1 to 9999', async () => {
    const times = [
      '0001-01-01T00:00:00.000000Z',
      '2012-02-29T23:59:59.999999Z',
      '2012-12-31T23:59:59.999999Z',
      '2013-01-01T00:00:00.000000Z',
      '2013-01-31T23:59:59.999999Z',
      '2013-02-01T00:00:00.000000Z',
      '9999-12-31T23:59:59.999999Z',
    ];
    const rows = rowsAt(times);

    const result = await apply(rows, 1);

    expect(result).toEqual({ applied: times.length, stale: 0, rejected: [] });
    expect(await timesOf(rows)).toEqual(times);
  });

  test('are made once, however many stores need them at the same moment', async () => {
    const others = Array.from({ length: 5 }, () => database.open({ clock }));
    const rows = rowsAt(['2031-05-01T00:00:00.000000Z', '2031-06-30T00:00:00.000000Z']);

    const results = await Promise.all(
      others.map((other) =>
        other.apply(
          table,
          rows.map((row) => upsert(entity, row, 1)),
        ),
      ),
    );
    await Promise.all(others.map((other) => other.close()));

    expect(results.reduce((sum, { applied }) => sum + applied, 0)).toBe(2);
    expect(await timesOf(rows)).toHaveLength(2);
  });

  test('are made again when they were dropped behind the store’s back', async () => {
    const rows = rowsAt(['2040-07-04T00:00:00.000000Z']);
    await apply(rows, 1);
    await database.query('drop table view.item__table_2040_07');

    const result = await apply(rows, 2);

    expect(result.applied).toBe(1);
    expect(await timesOf(rows)).toHaveLength(1);
  });
});
