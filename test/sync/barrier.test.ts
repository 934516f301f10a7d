import { describe, expect, test } from '@jest/globals';
import { storeOf } from '../../lambda/model/index.ts';
import { createMemoryStore } from '../../lambda/stores/memory/index.ts';
import { type BarrierPorts, settleView, takeBarrier } from '../../lambda/sync/barrier.ts';
import type { LetterPlace, LetterRef } from '../../lambda/sync/letter-item.ts';
import { contractCatalog, placementOf } from '../stores/contract-model.ts';

const catalog = contractCatalog('barrier');
const card = placementOf(catalog, 'place.card');
const recent = placementOf(catalog, 'event.recent');

function open() {
  let now = 0;
  const source = { current: 100n, captured: 40n as bigint | undefined };
  const ends = { offset: 7n };
  const waits: (() => void)[] = [];
  const ports: BarrierPorts = {
    clock: () => now,
    sleep: async (ms) => {
      now += ms;
      waits.shift()?.();
    },
    capturePosition: async () => ({ ...source }),
    endOffsets: async () => [
      { partition: 0, offset: ends.offset },
      { partition: 1, offset: 0n },
    ],
  };
  return { ports, source, ends, waits, now: () => now };
}

/** Letters that are open in the scope of one store, and in no other. */
const lettersAt = (
  open: { readonly store: string; readonly scope: string } = { store: 'none', scope: 'none' },
  ...places: readonly LetterPlace[]
) => ({
  places: async ({ store, scope }: Pick<LetterRef, 'store' | 'scope'>) =>
    store === open.store && scope === open.scope ? places : [],
});

describe('a barrier', () => {
  test('of Aurora holds offsets that were read after the capture had passed the position', async () => {
    const { ports, source, ends, waits } = open();
    waits.push(
      () => {
        source.captured = 99n;
      },
      () => {
        // What is written later is of no matter.
        source.current = 500n;
        source.captured = 100n;
        ends.offset = 9n;
      },
    );

    const barrier = await takeBarrier(ports, card.entity, 10_000);

    expect(barrier).toMatchObject({ position: 100n, ends: [{ offset: 9n }, { offset: 0n }] });
  });

  test.each([[40n], [undefined]])('is none while the capture is at %s', async (captured) => {
    const { ports, source, now } = open();
    source.captured = captured;

    expect(await takeBarrier(ports, card.entity, 3_000)).toBeUndefined();
    expect(now()).toBeGreaterThanOrEqual(3_000);
  });

  test('of the log is where it ends', async () => {
    const { ports, now } = open();

    expect(await takeBarrier(ports, recent.entity, 0)).toMatchObject({
      position: undefined,
      ends: [{ offset: 7n }, {}],
    });
    expect(now()).toBe(0);
  });
});

describe('a view has settled', () => {
  test('once its progress is past every partition of the barrier, which is kept', async () => {
    const { ports, waits } = open();
    const store = createMemoryStore({ clock: () => 0 });
    const { topic } = recent.entity;
    const save = (to: bigint) =>
      store.saveProgress([{ placement: recent, topic, partition: 0, from: 0n, to }]);
    waits.push(
      () => void save(6n),
      () => void save(7n),
    );
    const kept: unknown[] = [];

    const settled = await settleView(
      { ...ports, box: lettersAt(), onBarrier: async (barrier) => void kept.push(barrier.topic) },
      { store, placement: recent },
      5_000,
    );

    expect(settled).toBe('reached');
    expect(kept).toEqual([topic]);
  });

  test('not while a record of the barrier is missing', async () => {
    const { ports } = open();
    const store = createMemoryStore({ clock: () => 0 });

    expect(await settleView({ ...ports, box: lettersAt() }, { store, placement: recent }, 2_000)).toBe(
      'behind',
    );
  });

  const { topic } = recent.entity;
  const record = { topic, partition: 0, offset: 6n };
  const ofView = { store: storeOf(recent.target), scope: 'event.recent' };
  test.each([
    ['its own', ofView, record],
    ['records that nobody could read', { ...ofView, scope: 'event' }, record],
    [
      'what capture may have lost',
      { store: 'capture', scope: 'event' },
      { ...record, topic: 'dynamodb-stream:t' },
    ],
    ['a row that a backfill brought', ofView, { ...record, partition: -1, offset: -1n }],
  ])('not with a hole: an open letter of %s below the barrier', async (_name, scope, place) => {
    const { ports, now } = open();
    const store = createMemoryStore({ clock: () => 0 });
    await store.saveProgress([{ placement: recent, topic, partition: 0, from: 0n, to: 7n }]);

    const settled = await settleView(
      { ...ports, box: lettersAt(scope, place) },
      { store, placement: recent },
      2_000,
    );

    expect(settled).toBe('holes');
    // No waiting closes a letter.
    expect(now()).toBe(0);
  });

  test.each([
    ['above the barrier', ofView, { ...record, offset: 7n }],
    ['of another view', { ...ofView, scope: 'event.other' }, record],
  ])('although a letter %s is open', async (_name, scope, place) => {
    const { ports } = open();
    const store = createMemoryStore({ clock: () => 0 });
    await store.saveProgress([{ placement: recent, topic, partition: 0, from: 0n, to: 9n }]);

    const settled = await settleView(
      { ...ports, box: lettersAt(scope, place) },
      { store, placement: recent },
      2_000,
    );

    expect(settled).toBe('reached');
  });
});
