import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Change, Row } from '../../../lambda/change/change.ts';
import { columnOf } from '../../../lambda/model/index.ts';
import { openSession } from '../../../lambda/stores/keyspaces/connection.ts';
import { applyKeyspacesSchema, createKeyspacesStore } from '../../../lambda/stores/keyspaces/index.ts';
import { rollupOf } from '../../../lambda/stores/keyspaces/rollup.ts';
import { createMemoryStore } from '../../../lambda/stores/memory/index.ts';
import type { Condition } from '../../../lambda/stores/predicate.ts';
import type { AggregateFragment, AggregateStore, Placement } from '../../../lambda/stores/store.ts';
import { sharedEngines } from '../../engines.ts';
import { placementOf, remove, upsert } from '../contract-model.ts';
import { aggregateOf, sortedText } from './readings.ts';
import { hourOf, type Sale, saleRow, salesCatalog } from './sales.ts';

const catalog = salesCatalog('rollups');
const rows = placementOf(catalog, 'sale.byHour');
const totals = placementOf(catalog, 'sale.hourly');
const { entity } = rows;
const amount = columnOf(entity, 'amount');
const at = columnOf(entity, 'at');
/** Hours from 0 on that the tests use. */
const hours = 6;

let store: AggregateStore;
/** A second function with a connection of its own. */
let other: AggregateStore;
beforeAll(async () => {
  const { host, port } = sharedEngines().cassandra;
  const connection = { host, port, auth: 'none' } as const;
  const options = { ...connection, keyspace: 'rollups', catalog, clock: () => 0 };
  await applyKeyspacesSchema({ connection, keyspace: 'rollups', catalog, make: true });
  store = createKeyspacesStore(options);
  other = createKeyspacesStore(options);
});
afterAll(() => Promise.all([store?.close(), other?.close()]));

/** As sync does: rows first, then the rollup. */
async function applyBoth(to: AggregateStore, changes: readonly Change[]): Promise<void> {
  await to.apply(rows, changes);
  await to.apply(totals, changes);
}

const fresh = (): string => `t-${randomUUID()}`;
const compare = (name: string, operator: '=' | '>=' | '<', value: string): Condition => ({
  kind: 'compare',
  column: columnOf(entity, name),
  operator,
  value,
});

/** How often each metric of the first hour was set. */
async function revisions(tenant: string): Promise<Readonly<Record<string, number>>> {
  const { host, port } = sharedEngines().cassandra;
  const session = await openSession({ host, port, auth: 'none' });
  try {
    const cql =
      'SELECT metric, revision FROM rollups.sale__hourly WHERE tenant = ? AND metric = ? AND month = ? AND hour = ?';
    const at0 = hourOf(0);
    const found = await Promise.all(
      rollupOf(totals).metrics.map(async ({ name }) => {
        const { rows: held } = await session.read(
          { cql, params: [tenant, name, at0.slice(0, 7), at0.slice(0, 13)] },
          { size: 1 },
        );
        return [name, Number(held[0]?.revision)] as const;
      }),
    );
    return Object.fromEntries(found);
  } finally {
    await session.close();
  }
}

/** Every question that the rollup answers, over all hours. */
function questionsOf(placement: Placement, tenant: string): readonly AggregateFragment[] {
  const all = [
    compare('tenant', '=', tenant),
    compare('at', '>=', hourOf(0)),
    compare('at', '<', hourOf(hours)),
  ];
  const groups = [
    [],
    ...(['hour', 'day', 'month'] as const).map((unit) => [{ as: 'time', column: at, unit }]),
  ];
  const aggregates = {
    rows: [{ as: 'n', function: 'count', column: undefined }],
    amounts: (['count', 'sum', 'min', 'max'] as const).map((of) => ({
      as: of,
      function: of,
      column: amount,
    })),
  } as const;
  return groups.flatMap((group) => [
    aggregateOf(placement, {
      where: all,
      groups: group,
      aggregates: [...aggregates.rows, ...aggregates.amounts],
    }),
    aggregateOf(placement, {
      where: [...all, compare('kind', '=', 'shop')],
      groups: group,
      aggregates: aggregates.rows,
    }),
    aggregateOf(placement, {
      where: [...all, compare('kind', '=', 'web')],
      groups: group,
      aggregates: aggregates.amounts,
    }),
  ]);
}

/** The rollup gives what the reference adds up from the rows themselves. */
async function expectTotals(tenant: string, inOrder: readonly Change[]): Promise<void> {
  const reference = createMemoryStore({ clock: () => 0 });
  await reference.apply(rows, inOrder);
  for (const question of questionsOf(totals, tenant)) {
    const found = await store.aggregate(question);
    const expected = await reference.aggregate({ ...question, placement: rows });
    expect(sortedText(found)).toEqual(sortedText(expected));
  }
}

const countOf = async (tenant: string, hour: number): Promise<unknown> => {
  const [row] = await store.aggregate(
    aggregateOf(totals, {
      where: [
        compare('tenant', '=', tenant),
        compare('at', '>=', hourOf(hour)),
        compare('at', '<', hourOf(hour + 1)),
      ],
      aggregates: [{ as: 'n', function: 'count', column: undefined }],
    }),
  );
  return row?.n;
};

describe('a rollup in Keyspaces', () => {
  test('counts every row of two that apply to one hour at the same time', async () => {
    const tenant = fresh();
    const changes = Array.from({ length: 24 }, (_, id) =>
      upsert(entity, saleRow({ tenant, id, hour: 0, amount: id }), 1),
    );

    await Promise.all(changes.map((change, index) => applyBoth(index % 2 === 0 ? store : other, [change])));

    await expectTotals(tenant, changes);
    expect(await countOf(tenant, 0)).toBe('24');
  });

  test('forgets a row that is deleted, and says 0 where none is left', async () => {
    const tenant = fresh();
    const row = saleRow({ tenant, id: 1, hour: 0, amount: 5 });
    const changes = [upsert(entity, row, 1), remove(entity, row, 2)];

    for (const change of changes) await applyBoth(store, [change]);

    await expectTotals(tenant, changes);
    expect(await countOf(tenant, 0)).toBe('0');
  });

  test('works out both hours of a row that was deleted and came again in another', async () => {
    const tenant = fresh();
    const before = saleRow({ tenant, id: 1, hour: 0, amount: 5 });
    const after = saleRow({ tenant, id: 1, hour: 4, amount: 7 });
    const changes = [upsert(entity, before, 1), remove(entity, before, 2), upsert(entity, after, 3)];

    await applyBoth(store, changes.slice(0, 1));
    await applyBoth(store, changes.slice(1));

    await expectTotals(tenant, changes);
    expect([await countOf(tenant, 0), await countOf(tenant, 4)]).toEqual(['0', '1']);
  });

  test('moves a changed row from one metric to another', async () => {
    const tenant = fresh();
    const row = saleRow({ tenant, id: 1, hour: 0, kind: 'web', amount: 5 });
    const changes = [upsert(entity, row, 1), upsert(entity, { ...row, kind: 'shop', amount: null }, 2)];

    for (const change of changes) await applyBoth(store, [change]);

    await expectTotals(tenant, changes);
  });

  test('sets nothing when the same rows are applied again, and what a change touches when one is not the same', async () => {
    const tenant = fresh();
    const row = saleRow({ tenant, id: 1, hour: 0, kind: 'web', amount: 5 });
    const changes = [
      upsert(entity, row, 1),
      upsert(entity, saleRow({ tenant, id: 2, hour: 0, kind: 'shop' }), 1),
    ];
    await applyBoth(store, changes);

    const before = await revisions(tenant);
    await applyBoth(other, changes);
    const again = await revisions(tenant);
    await applyBoth(store, [upsert(entity, { ...row, amount: 6 }, 2)]);
    const after = await revisions(tenant);

    expect(before).toEqual({ sales: 1, shop: 1, amount: 1, webAmount: 1 });
    expect(again).toEqual(before);
    // No row of the shop has another version.
    expect(after).toEqual({ sales: 2, shop: 1, amount: 2, webAmount: 2 });
  });

  test('rejects a delete that does not say its hour, with the reason', async () => {
    const change = { ...remove(entity, saleRow({ tenant: fresh(), id: 1, hour: 0 }), 1), before: undefined };

    const result = await store.apply(totals, [change]);

    expect(result.rejected).toEqual([{ change, reason: expect.stringContaining('keeps totals by at') }]);
  });

  test('refuses what it does not keep, and says why', async () => {
    const question = aggregateOf(totals, { where: [compare('tenant', '=', 'a')] });

    await expect(store.aggregate(question)).rejects.toMatchObject({
      code: 'not_supported',
      message: expect.stringContaining('needs a range of at'),
    });
  });

  test('comes to the totals of the rows, in any order, repetition and number of callers', async () => {
    await fc.assert(
      fc.asyncProperty(history, async (parts) => {
        const tenant = fresh();
        const { inOrder, waves } = buildHistory(tenant, parts);

        for (const wave of waves)
          await Promise.all(wave.map((batch, index) => applyBoth(index % 2 === 0 ? store : other, batch)));

        await expectTotals(tenant, inOrder);
      }),
      { numRuns: 15 },
    );
  });
});

// ── histories ────────────────────────────────────────────────────────────────────────────────────

const keyCount = 4;
const versionCount = 5;
const content = fc.option(
  fc.record({
    kind: fc.constantFrom('shop', 'web'),
    amount: fc.option(fc.integer({ min: -9, max: 9 }), { nil: null }),
    /** Where it comes again after a delete. */
    hour: fc.integer({ min: 0, max: hours - 1 }),
  }),
  { nil: undefined, freq: 3 },
);
const history = fc.record({
  contents: fc.array(content, { minLength: keyCount * versionCount, maxLength: keyCount * versionCount }),
  shuffle: fc.array(fc.nat(), {
    minLength: 2 * keyCount * versionCount,
    maxLength: 2 * keyCount * versionCount,
  }),
  batch: fc.integer({ min: 1, max: 8 }),
  parallel: fc.integer({ min: 1, max: 4 }),
});

/** Every version of every key, and an order in which each is delivered twice, in waves of batches. */
function buildHistory(
  tenant: string,
  parts: typeof history extends fc.Arbitrary<infer T> ? T : never,
): { readonly inOrder: readonly Change[]; readonly waves: readonly (readonly (readonly Change[])[])[] } {
  const held = new Map<number, Row>();
  const inOrder = parts.contents.flatMap((columns, index): Change[] => {
    const [id, position] = [index % keyCount, 1 + Math.floor(index / keyCount)];
    const old = held.get(id);
    if (columns === undefined) {
      held.delete(id);
      return old === undefined ? [] : [remove(entity, old, position)];
    }
    const sale: Sale = { tenant, id, ...columns };
    // A row that is there stays in its hour.
    const row = { ...saleRow(sale), ...(old !== undefined && { at: old.at ?? null }) };
    held.set(id, row);
    return [upsert(entity, row, position)];
  });
  const twice = [...inOrder, ...inOrder]
    .map((change, index) => ({ change, order: parts.shuffle[index] ?? 0 }))
    .sort((a, b) => a.order - b.order)
    .map(({ change }) => change);
  return { inOrder, waves: chunk(chunk(twice, parts.batch), parts.parallel) };
}

const chunk = <T>(items: readonly T[], size: number): readonly (readonly T[])[] =>
  Array.from({ length: Math.ceil(items.length / size) }, (_, index) =>
    items.slice(index * size, (index + 1) * size),
  );
