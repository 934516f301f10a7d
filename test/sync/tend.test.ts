import { expect, test } from '@jest/globals';
import { PolystoreError } from '../../lambda/errors.ts';
import { createMemoryStore } from '../../lambda/stores/memory/index.ts';
import type { Tables, ViewMonth } from '../../lambda/stores/tables.ts';
import { beginTend, stepTend, type TendWork } from '../../lambda/sync/tend.ts';
import { isDone } from '../../lambda/sync/work.ts';
import { contractCatalog, itemRow, placementOf, remove, upsert } from '../stores/contract-model.ts';
import { createFakeMetrics } from './fakes.ts';
import { createFakeTools, memoryStores } from './job-fakes.ts';

const catalog = contractCatalog('tend');
const kept = placementOf(catalog, 'item.kept');
const history = placementOf(catalog, 'item.history');
const { entity } = kept;
const months: readonly ViewMonth[] = ['2012-01', '2012-02'].map((month) => ({
  view: 'item.kept',
  build: 1,
  month,
}));
const rowIn = (month: string, number: number) =>
  itemRow({ number: String(number), at: `${month}-03T00:00:00.000000Z` });
const rowsIn = (month: string) => [1, 2, 3, 4, 5].map((number) => rowIn(month, number));

/** The view in memory, whose months a fake drops; and an archive. */
async function open(of: {
  readonly archived: (number: number) => boolean;
  readonly missing?: readonly ViewMonth[];
}) {
  const store = createMemoryStore({ clock: () => Date.parse('2013-01-01T00:00:00Z') });
  const metrics = createFakeMetrics();
  const dropped: string[] = [];
  const all = months.flatMap(({ month }) => rowsIn(month));
  const view = createMemoryStore({ clock: () => Date.parse('2012-01-01T00:00:00Z') });
  await view.apply(
    kept,
    all.map((row) => upsert(entity, row, 5)),
  );
  await store.apply(
    history,
    all.filter(({ number }) => of.archived(Number(number))).map((row) => upsert(entity, row, 5)),
  );
  const tables: Tables = {
    tend: async () => ({ missing: of.missing ?? [], due: months, indexesLeft: [] }),
    scanMonth: async ({ placement, month, after, limit }) => {
      const page = await view.scan({ placement, after, limit });
      return { ...page, rows: page.rows.filter(({ key }) => String(key.at).startsWith(month)) };
    },
    dropMonth: async (_, month) => {
      dropped.push(month);
    },
  };
  const tools = createFakeTools({
    ...{ catalog, stores: memoryStores(store), metrics, tables },
    pace: { rows: () => 3, run: (page) => page() },
  });
  const run = async (): Promise<TendWork> => {
    let work: TendWork = beginTend;
    while (!isDone(work)) work = await stepTend(tools, work);
    return work;
  };
  return { store, view, tools, tables, metrics, dropped, run };
}
const told = ({ told: all }: ReturnType<typeof createFakeMetrics>, name: string) =>
  all.filter(({ view }) => view === 'item.kept').flatMap((each) => (name in each ? [each[name]] : []));

test('a month is dropped when the archive has every row of it', async () => {
  const { run, dropped, metrics } = await open({ archived: () => true });

  const work = await run();

  expect(dropped).toEqual(['2012-01', '2012-02']);
  expect(work).toMatchObject({ dropped: months, kept: [] });
  expect(told(metrics, 'OverduePartitions')).toEqual([0]);
  expect(told(metrics, 'MissingPartitions')).toEqual([0]);
});

test('a month stays as long as the archive lacks one of its rows, and is told with the remedy', async () => {
  const { run, dropped, metrics, tools } = await open({ archived: (number) => number !== 4 });

  const { kept: stay } = await run();

  expect(dropped).toEqual([]);
  expect(stay.map(({ month, why }) => [month, why])).toEqual(
    months.map(({ month }) => [
      month,
      expect.stringMatching(/^item\.history lacks 1 or more.*polystore backfill item history$/),
    ]),
  );
  expect(told(metrics, 'OverduePartitions')).toEqual([2]);
  expect(tools.lines.filter(([level]) => level === 'error')).toHaveLength(2);
});

test('a row that the archive has older and other is lacking, newer or the same is not, and of tombstones nothing is asked', async () => {
  const { run, dropped, store, view } = await open({ archived: (number) => number !== 4 });
  for (const { month } of months) {
    await view.apply(kept, [remove(entity, rowIn(month, 4), 6), upsert(entity, rowIn(month, 1), 7)]);
    await store.apply(history, [upsert(entity, { ...rowIn(month, 2), note: 'later' }, 9)]);
  }
  await view.apply(kept, [upsert(entity, { ...rowIn('2012-02', 3), note: 'not archived' }, 8)]);

  await run();

  expect(dropped).toEqual(['2012-01']);
});

test('a month that somebody still reads stays for the next time; a store that is away ends the step', async () => {
  const { run, tables } = await open({ archived: () => true });
  const fails = (code: 'contended' | 'store_unavailable') => {
    Object.assign(tables, { dropMonth: () => Promise.reject(new PolystoreError(code, 'not now')) });
  };

  fails('contended');
  expect((await run()).kept.map(({ why }) => why)).toEqual(['not now', 'not now']);
  fails('store_unavailable');
  await expect(run()).rejects.toMatchObject({ code: 'store_unavailable' });
});

test('a month ahead without a partition is told', async () => {
  const ahead = { view: 'item.kept', build: 1, month: '2013-02' };
  const { run, metrics } = await open({ archived: () => true, missing: [ahead] });

  await run();

  expect(told(metrics, 'MissingPartitions')).toEqual([1]);
});
