import { describe, expect, test } from '@jest/globals';
import { storeOf } from '../../lambda/model/index.ts';
import { createMemoryStore } from '../../lambda/stores/memory/index.ts';
import { createProgressKeeper } from '../../lambda/sync/progress.ts';
import { loggedValue } from '../change/logged-record.ts';
import { contractCatalog, placementOf } from '../stores/contract-model.ts';
import { createFakeLines, createFakeMetrics } from './fakes.ts';

const catalog = contractCatalog('progress');
const [hash, brief] = [placementOf(catalog, 'item.hash'), placementOf(catalog, 'item.brief')];
const { topic } = hash.entity;
const records = (from: number, to: number, partition = 0) =>
  Array.from({ length: to - from }, (_, index) => ({
    ...loggedValue(topic, '{}'),
    partition,
    offset: BigInt(from + index),
  }));

const open = () => {
  const store = createMemoryStore({ clock: () => 0 });
  const log = createFakeLines();
  const metrics = createFakeMetrics();
  let now = 0;
  const keeper = createProgressKeeper({ store, placements: [hash, brief], clock: () => now, log, metrics });
  const progress = async () =>
    (await store.readProgress([hash, brief])).map(
      ({ placement, partition, offset }) => [placement.target, partition, offset] as const,
    );
  return { store, log, metrics, keeper, progress, pass: (ms: number) => (now += ms) };
};

describe('how far views have got', () => {
  test('is past every record of a batch, for each view and partition', async () => {
    const { keeper, progress } = open();

    await keeper.taken([...records(0, 5), ...records(0, 2, 1)]);

    expect(await progress()).toEqual([
      [hash.target, 0, 5n],
      [hash.target, 1, 2n],
      [brief.target, 0, 5n],
      [brief.target, 1, 2n],
    ]);
  });

  test('never goes back, and a gap is told by name', async () => {
    const { keeper, progress, log, metrics } = open();
    await keeper.taken(records(0, 5));

    await keeper.taken(records(2, 4));
    await keeper.taken(records(9, 12));

    expect((await progress()).map(([, , offset]) => offset)).toEqual([5n, 5n]);
    expect(log.lines).toMatchObject([
      [
        'error',
        'records of the change log were never given to a view: backfill it',
        { view: 'item.hash', before: '9' },
      ],
      ['error', 'records of the change log were never given to a view: backfill it', { view: 'item.brief' }],
    ]);
    expect(metrics.told).toEqual([
      { store: storeOf(hash.target), view: 'item.hash', ProgressGaps: 1 },
      { store: storeOf(brief.target), view: 'item.brief', ProgressGaps: 1 },
    ]);
  });

  test('is not claimed of a view whose consumer began in the middle, until a backfill has filled it', async () => {
    const { store, keeper, progress, log, pass } = open();

    await keeper.taken(records(7, 9));
    expect(await progress()).toEqual([]);
    expect(log.lines).toMatchObject([
      ['warn', expect.stringContaining('never filled'), { view: 'item.hash' }],
      ['warn', expect.stringContaining('never filled'), { view: 'item.brief' }],
    ]);

    await store.saveProgress([{ placement: hash, topic, partition: 0, from: 0n, to: 9n }]);
    pass(60_001);
    await keeper.taken(records(9, 11));

    expect(await progress()).toEqual([[hash.target, 0, 11n]]);
  });
});
