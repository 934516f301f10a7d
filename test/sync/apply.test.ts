import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Row } from '../../lambda/change/change.ts';
import { encodeItemChange, keyOf } from '../../lambda/change/encode.ts';
import type { LoggedRecord } from '../../lambda/change/envelope.ts';
import { PolystoreError } from '../../lambda/errors.ts';
import { createMemoryStore } from '../../lambda/stores/memory/index.ts';
import type { Placement, Store } from '../../lambda/stores/store.ts';
import { createApply, placementsIn } from '../../lambda/sync/apply.ts';
import { everyType, sourcedIn } from '../change/every-type-model.ts';
import { logged, loggedValue } from '../change/logged-record.ts';
import { createFakeDeadLetters, createFakeLines, createFakeMetrics, toLogEvent } from './fakes.ts';

const entity = sourcedIn('dynamodb');
const placements = placementsIn(everyType, 'redis');
// The model has a card of every entity in Redis.
const card = placements.find((placement) => placement.entity === entity) as Placement;
const rowOf = (number: number, size: number): Row => ({
  owner: 'AA',
  number: String(number),
  place: 'JFK',
  name: null,
  size,
  large: null,
  price: null,
  ratio: null,
  active: null,
  at: null,
  day: null,
  colour: null,
  extra: null,
});

/** One step of a key's history: its version and what it did. */
interface Step {
  readonly number: number;
  readonly version: number;
  readonly deletes: boolean;
}
/** The content follows from the version, as equal versions carry equal content. */
const record = ({ number, version, deletes }: Step, offset = 0n, partition = 0): LoggedRecord => {
  const row = rowOf(number, version);
  const change = {
    entity,
    key: keyOf(entity, row),
    before: row,
    after: deletes ? undefined : row,
    position: BigInt(version),
    table: 't',
    writtenAtMs: 1,
  };
  return logged(encodeItemChange(change, { generation: 0, nowMs: 1 }), offset, partition);
};

function harness(
  store: Store = createMemoryStore({ clock: () => 0 }),
  deadLetters = createFakeDeadLetters(),
  nowMs = 0,
) {
  const log = createFakeLines();
  const metrics = createFakeMetrics();
  const apply = createApply({
    clock: () => nowMs,
    catalog: everyType,
    store,
    placements,
    deadLetters,
    log,
    metrics,
  });
  const send = (records: readonly LoggedRecord[]) => apply(toLogEvent(records));
  const sizes = async (): Promise<readonly (number | undefined)[]> => {
    const keys = [0, 1, 2].map((number) => ({ owner: 'AA', number: String(number), place: 'JFK' }));
    const found = await store.read({ kind: 'keys', placement: card, keys });
    return keys.map(({ number }) => {
      const size = found.find(({ row }) => row.number === number)?.row.size;
      return typeof size === 'number' ? size : undefined;
    });
  };
  return { send, sizes, deadLetters, log, metrics, store };
}

const histories = fc.uniqueArray(
  fc.record({
    number: fc.integer({ min: 0, max: 2 }),
    version: fc.integer({ min: 1, max: 30 }),
    deletes: fc.boolean(),
  }),
  { selector: ({ number, version }) => `${number} ${version}`, maxLength: 20 },
);
const expected = (steps: readonly Step[]): readonly (number | undefined)[] =>
  [0, 1, 2].map((number) => {
    const last = steps.filter((step) => step.number === number).sort((a, b) => b.version - a.version)[0];
    return last === undefined || last.deletes ? undefined : last.version;
  });

describe('apply', () => {
  test('ends in the same rows whatever the batches, the order and the repetitions, with poison between', async () => {
    await fc.assert(
      fc.asyncProperty(
        histories.chain((steps) =>
          fc.record({
            steps: fc.constant(steps),
            order: fc.shuffledSubarray([...steps, ...steps], {
              minLength: steps.length * 2,
              maxLength: steps.length * 2,
            }),
          }),
        ),
        fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1, maxLength: 5 }),
        async ({ steps, order }, batches) => {
          const { send, sizes, deadLetters } = harness();

          for (let start = 0, turn = 0; start < order.length; turn += 1) {
            const size = batches[turn % batches.length] ?? 1;
            const poison = loggedValue(entity.topic, '{');
            await send([
              ...order.slice(start, start + size).map((step, at) => record(step, BigInt(start + at))),
              poison,
            ]);
            start += size;
          }

          expect(await sizes()).toEqual(expected(steps));
          expect(deadLetters.letters.size).toBe(order.length === 0 ? 0 : 1);
        },
      ),
    );
  });

  test('asks for a row’s truth, and for a whole view’s, where the record does not hold it', async () => {
    const { send, deadLetters } = harness();
    const source = { connector: 'postgresql', lsn: 9 };
    const after = { owner: 'AA', number: 1, place: 'JFK', name: '__debezium_unavailable_value' };

    const summary = await send([
      loggedValue(entity.topic, { op: 'u', before: null, after, source }),
      { ...loggedValue(entity.topic, { op: 't', before: null, after: null, source }), key: undefined },
    ]);

    expect(summary).toMatchObject({ applied: 0, deadLetters: 2 });
    expect([...deadLetters.letters.values()]).toMatchObject([
      {
        scope: `${entity.name}.card`,
        key: '[["number","1"],["owner","AA"]]',
        version: '0000000000000000009',
        retry: 'key',
      },
      { scope: `${entity.name}.card`, key: undefined, version: '0000000000000000009', retry: 'view' },
    ]);
  });

  test('counts what a batch came to', async () => {
    const { send, metrics } = harness();
    await send([record({ number: 1, version: 5, deletes: false })]);

    const summary = await send([
      record({ number: 0, version: 1, deletes: false }),
      record({ number: 0, version: 2, deletes: false }),
      record({ number: 1, version: 4, deletes: false }),
      { ...loggedValue(entity.topic, '{}'), value: undefined },
      loggedValue(entity.topic, '{'),
      loggedValue('every.changes.nothing', '{}'),
    ]);

    expect(summary).toEqual({ records: 6, changes: 3, applied: 1, stale: 1, deadLetters: 2, ignored: 1 });
    expect(metrics.told.slice(1)).toEqual([
      { store: 'memory', view: 'in_dynamodb.card', Applied: 1, Stale: 1, DeadLetters: 0, LagSeconds: 0 },
      { store: 'memory', view: 'in_dynamodb', DeadLetters: 1 },
      { store: 'memory', view: 'every.changes.nothing', DeadLetters: 1 },
    ]);
  });

  test('tells how old the oldest record is of a batch that it took, and of one that its store did not', async () => {
    const { send, metrics, store } = harness(undefined, undefined, 60_000);
    const written = (timestampMs: number): LoggedRecord => ({
      ...record({ number: 0, version: timestampMs, deletes: false }),
      timestampMs,
    });
    await send([written(58_500), written(57_000)]);
    await store.close();

    await expect(send([written(20_000)])).rejects.toMatchObject({ code: 'store_unavailable' });

    expect(metrics.told).toMatchObject([
      { view: 'in_dynamodb.card', Applied: 1, LagSeconds: 3 },
      { view: 'in_dynamodb.card', LagSeconds: 40 },
    ]);
    expect(metrics.told[1]).not.toHaveProperty('Applied');
  });

  test('keeps the letter of a poison record even when the store is down then', async () => {
    const down = createMemoryStore({ clock: () => 0 });
    await down.close();
    const { send, deadLetters } = harness(down);

    const sent = send([loggedValue(entity.topic, '{'), record({ number: 0, version: 1, deletes: false })]);

    await expect(sent).rejects.toMatchObject({ code: 'store_unavailable' });
    expect(deadLetters.letters.size).toBe(1);
  });

  test('fails when a letter cannot be kept, so that nothing is lost', async () => {
    const store = createMemoryStore({ clock: () => 0 });
    const away = async () => {
      throw new PolystoreError('store_unavailable', 'the letters are away');
    };
    const { send } = harness(store, { ...createFakeDeadLetters(), put: away });

    await expect(send([loggedValue(entity.topic, '{')])).rejects.toMatchObject({ code: 'store_unavailable' });
  });

  test('keeps a letter of each change that a view refuses, with its key and version, and applies the rest', async () => {
    const memory = createMemoryStore({ clock: () => 0 });
    const picky: Store = {
      ...memory,
      apply: async (placement, changes) => {
        const refused = changes.filter((change) => change.key.number === '1');
        const result = await memory.apply(
          placement,
          changes.filter((change) => !refused.includes(change)),
        );
        return {
          ...result,
          rejected: refused.map((change) => ({ change: { ...change }, reason: 'too large' })),
        };
      },
    };
    const { send, sizes, deadLetters, metrics } = harness(picky);

    const summary = await send([
      record({ number: 0, version: 3, deletes: false }, 8n),
      record({ number: 1, version: 4, deletes: false }, 9n),
    ]);

    expect(summary.deadLetters).toBe(1);
    expect(metrics.told).toMatchObject([{ view: 'in_dynamodb.card', Applied: 1, DeadLetters: 1 }]);
    expect(await sizes()).toEqual([3, undefined, undefined]);
    expect([...deadLetters.letters.values()]).toMatchObject([
      {
        scope: 'in_dynamodb.card',
        key: expect.stringContaining('"1"'),
        version: '0000000000000000004',
        reason: 'too large',
        record: { offset: 9n },
      },
    ]);
  });

  test('tells a view of a delete though the key comes again elsewhere in the same batch', async () => {
    const memory = createMemoryStore({ clock: () => 0 });
    const told: string[] = [];
    const listening: Store = {
      ...memory,
      apply: (placement, changes) => {
        told.push(...changes.map((change) => `${change.kind} ${change.version}`));
        return memory.apply(placement, changes);
      },
    };
    const there = { ...rowOf(0, 3), place: 'LGA' };
    const again = { key: keyOf(entity, there), before: undefined, after: there, position: 3n };
    const common = { entity, table: 't', writtenAtMs: 1 };

    await harness(listening).send([
      record({ number: 0, version: 1, deletes: false }),
      record({ number: 0, version: 2, deletes: true }),
      logged(encodeItemChange({ ...common, ...again }, { generation: 0, nowMs: 1 })),
    ]);

    expect(told).toEqual(['delete 2', 'upsert 3']);
  });

  test('writes no more at once than the store takes', async () => {
    const memory = createMemoryStore({ clock: () => 0 });
    const sizes: number[] = [];
    const small: Store = {
      ...memory,
      capabilities: { ...memory.capabilities, maxBatch: 2 },
      apply: (placement, changes) => {
        sizes.push(changes.length);
        return memory.apply(placement, changes);
      },
    };

    await harness(small).send(
      [0, 1, 2, 3, 4].map((number) => record({ number, version: 1, deletes: false })),
    );

    expect(sizes).toEqual([2, 2, 1]);
  });
});
