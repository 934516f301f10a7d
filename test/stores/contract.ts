import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type Change, keyText, type Row } from '../../lambda/change/change.ts';
import { createVersion } from '../../lambda/change/version.ts';
import { type Catalog, parseRow } from '../../lambda/model/index.ts';
import { createMemoryStore } from '../../lambda/stores/memory/index.ts';
import { hasPlace, projectRow, viewOf } from '../../lambda/stores/placement.ts';
import { inOrder } from '../../lambda/stores/row-hash.ts';
import type { Fragment, Placement, Store, VersionedRow } from '../../lambda/stores/store.ts';
import { barest, type Case, cases, type Scenario } from './contract-cases.ts';
import { rowContent } from './contract-content.ts';
import { expectAggregates, expectFilters } from './contract-filters.ts';
import { itemOf, itemRow, keyOfRow, placementOf, remove, upsert } from './contract-model.ts';
import { sliceRows, slicesOf } from './contract-slices.ts';

interface Harness {
  readonly catalog: Catalog;
  /** Uses the clock that the suite gave. */
  readonly store: Store;
  /** A store of the same kind whose engine is not there; undefined where there is no engine. */
  readonly absent: Store | undefined;
}

export interface Contract {
  readonly name: string;
  /** Placements of `item` that the store holds, as `item.board`. */
  readonly placements: readonly string[];
  /** False where a version's generation is not kept with each row: then other generations are refused. */
  readonly keepsGenerations: boolean;
  /** What the store does not do, and how asking for it is refused: listed in the output by name. */
  readonly refusals: readonly {
    readonly what: string;
    ask(store: Store, catalog: Catalog): Promise<unknown>;
  }[];
  /** How often each property is tried. */
  readonly propertyRuns: number;
  /** How often filters are asked for. @default 60 */
  readonly filterRuns?: number;
  open(clock: () => number): Promise<Harness>;
}

/** Noon of the first day of 2013: rows of that day have not expired. */
const noon = Date.parse('2013-01-01T12:00:00Z');
const callers = 6;

/** The suite that every store passes, each case also concurrently with itself. */
export function storeContract(contract: Contract): void {
  describe(`the store contract: ${contract.name}`, () => {
    let now = noon;
    let harness: Harness;
    beforeAll(async () => {
      harness = await contract.open(() => now);
      await harness.store.connect();
    });
    afterAll(async () => {
      await harness.store.close();
      await harness.absent?.close();
    });
    const item = () => itemOf(harness.catalog);
    const placement = (name: string): Placement => placementOf(harness.catalog, name);

    describe.each(contract.placements)('%s', (name) => {
      test.each(cases)('$name', async (each) => {
        await runAlone(harness.store, placement(name), each.build(item(), fresh()));
      });

      test.each(cases)('$name, for many keys at once', async (each: Case) => {
        await Promise.all(
          Array.from({ length: callers }, () =>
            runAlone(harness.store, placement(name), each.build(item(), fresh())),
          ),
        );
      });

      test.each(cases)('$name, sent by many callers at once', async (each: Case) => {
        const scenario = each.build(item(), fresh());

        await Promise.all(
          Array.from({ length: callers }, async () => {
            for (const step of scenario.steps) await harness.store.apply(placement(name), step);
          }),
        );

        await expectScenario(harness.store, placement(name), scenario);
      });

      test('any order, repetition and batching of changes leads to the rows of the reference', async () => {
        await fc.assert(
          fc.asyncProperty(history, async (parts) => {
            const tenant = fresh();
            const { inOrder, delivered, rows } = buildHistory(parts, harness.catalog, tenant);
            const reference = createMemoryStore({ clock: () => now });
            await reference.apply(placement(name), inOrder);

            for (const wave of delivered)
              await Promise.all(wave.map((batch) => harness.store.apply(placement(name), batch)));

            await expectSame(harness.store, reference, placement(name), rows);
          }),
          { numRuns: contract.propertyRuns },
        );
      });

      test('applying everything again changes nothing', async () => {
        const tenant = fresh();
        const rows = sliceRows(tenant);
        const changes = [
          ...rows.map((row) => upsert(item(), row, 7)),
          ...rows.slice(0, 5).map((row) => remove(item(), row, 8)),
        ];
        await harness.store.apply(placement(name), changes);
        const before = await seen(harness.store, placement(name), rows);

        const again = await harness.store.apply(placement(name), changes);

        expect(again).toEqual(counted(harness.store, { applied: 0, changes: changes.length }));
        expect(await seen(harness.store, placement(name), rows)).toEqual(before);
      });

      test('a row without optional values is held as it is', async () => {
        const row = itemRow({ tenant: fresh(), ...barest });
        const reference = createMemoryStore({ clock: () => now });
        for (const store of [reference, harness.store])
          await store.apply(placement(name), [upsert(item(), row, 1)]);

        await expectSame(harness.store, reference, placement(name), [row]);
      });

      test('slices are ordered, bounded and limited as in the reference', async () => {
        const tenant = fresh();
        const rows = sliceRows(tenant);
        const changes = [
          ...rows.map((row) => upsert(item(), row, 7)),
          ...rows.slice(3, 5).map((row) => remove(item(), row, 8)),
        ];
        const reference = createMemoryStore({ clock: () => now });
        for (const store of [reference, harness.store]) await store.apply(placement(name), changes);

        const slices = slicesOf(harness.catalog, [name], tenant);
        for (const slice of slices) {
          const found = (await harness.store.read(slice)).map(({ row }) => row);
          const expected = (await reference.read(slice)).map(({ row }) => row);
          expect({ ...label(slice), rows: found }).toEqual({ ...label(slice), rows: expected });
        }
        // An index that has no partitions has no slices, its rows are found by filters; the log has none either.
        const without = ['opensearch.index', 'kafka.source'];
        expect(slices.length > 0).toBe(!without.includes(placement(name).target.kind));
      });

      test('filters and totals are as in the reference, where the store takes them', async () => {
        const { filters, aggregates } = harness.store.capabilities;
        const tenant = fresh();
        const rows = sliceRows(tenant);
        const changes = rows.map((row) => upsert(item(), row, 7));
        const deleted = rows.slice(3, 5).map((row) => remove(item(), row, 8));
        const reference = createMemoryStore({ clock: () => now });
        for (const store of [reference, harness.store])
          await store.apply(placement(name), [...changes, ...deleted]);

        if (filters)
          await expectFilters(harness.store, reference, placement(name), tenant, contract.filterRuns);
        // Who does not filter adds up what it keeps totals of; its own tests say what.
        if (filters && aggregates) await expectAggregates(harness.store, reference, placement(name), tenant);
      });

      test('an expired row is hidden, and none where nothing expires', async () => {
        const row = itemRow({ tenant: fresh() });
        const expire = viewOf(placement(name))?.expire;
        await harness.store.apply(placement(name), [upsert(item(), row, 1)]);
        try {
          now = Date.parse(String(row.at)) + (expire?.afterMs ?? 1e12) - 1;
          const last = await seen(harness.store, placement(name), [row]);
          now += 1;
          const after = await seen(harness.store, placement(name), [row]);

          expect(last).toHaveLength(1);
          expect(after).toHaveLength(expire === undefined ? 1 : 0);
        } finally {
          now = noon;
        }
      });

      test(
        contract.keepsGenerations
          ? 'a higher generation wins against a higher position'
          : 'a change of another generation is rejected with the reason',
        async () => {
          const row = itemRow({ tenant: fresh() });
          const later = { ...row, note: 'later' };
          const change: Change = { ...upsert(item(), later, 1), version: createVersion(1, 1n) };
          await harness.store.apply(placement(name), [upsert(item(), row, 99)]);

          const result = await harness.store.apply(placement(name), [change]);

          if (contract.keepsGenerations) {
            expect(result).toEqual(counted(harness.store, { applied: 1, changes: 1 }));
            expect(await seen(harness.store, placement(name), [row])).toEqual([
              projectRow(placement(name), later),
            ]);
          } else {
            expect(result.rejected).toEqual([{ change, reason: expect.stringContaining('generation') }]);
            expect(await seen(harness.store, placement(name), [row])).toEqual([row]);
          }
        },
      );
    });

    test('says which capabilities it has', () => {
      const { capabilities } = harness.store;

      expect(capabilities.maxBatch).toBeGreaterThan(0);
      expect(capabilities.underPartition).toMatch(/\.$/);
      expect('run' in harness.store).toBe(capabilities.sql);
      expect('aggregate' in harness.store).toBe(capabilities.aggregates);
      expect('writer' in harness.store).toBe(capabilities.writesSources);
    });

    test.each(contract.refusals)('does not support, and refuses by name: $what', async ({ ask }) => {
      await expect(ask(harness.store, harness.catalog)).rejects.toMatchObject({ code: 'not_supported' });
    });

    test('answers that it is healthy', async () => {
      await expect(harness.store.health()).resolves.toBeUndefined();
    });

    test('is unavailable, and says that it may be tried again, when its engine is not there or it was closed', async () => {
      const closed = (await contract.open(() => now)).store;
      await closed.close();
      const [first = ''] = contract.placements;
      const row = itemRow({ tenant: fresh() });

      for (const store of [closed, harness.absent]) {
        if (store === undefined) continue;
        const unavailable = { code: 'store_unavailable', retryable: true };
        await expect(store.health()).rejects.toMatchObject(unavailable);
        await expect(store.apply(placement(first), [upsert(item(), row, 1)])).rejects.toMatchObject(
          unavailable,
        );
        await expect(
          store.read({ kind: 'keys', placement: placement(first), keys: [row] }),
        ).rejects.toMatchObject(unavailable);
      }
    });
  });
}

const fresh = (): string => `t-${randomUUID()}`;

/** What `apply` says of changes that were all taken or stale; a store that does not tell them apart says less. */
function counted(
  { capabilities }: Store,
  { applied, changes }: { readonly applied: number; readonly changes: number },
) {
  if (capabilities.countsStale) return { applied, stale: changes - applied, rejected: [] };
  return { applied: expect.any(Number), stale: expect.any(Number), rejected: [] };
}

async function runAlone(store: Store, placement: Placement, scenario: Scenario): Promise<void> {
  for (const [index, step] of scenario.steps.entries()) {
    const result = await store.apply(placement, step);
    const applied = scenario.applied[index] ?? 0;
    expect(result).toEqual(counted(store, { applied, changes: step.length }));
  }
  await expectScenario(store, placement, scenario);
}

async function expectScenario(store: Store, placement: Placement, scenario: Scenario): Promise<void> {
  const rows = scenario.held.map(({ row }) => row);
  const expected = scenario.visible
    .filter((row) => hasPlace(placement, row))
    .map((row) => projectRow(placement, row));
  expect(await seen(store, placement, rows)).toEqual(sorted(expected));
  if (store.capabilities.keepsVersions)
    expect(
      await store.versions(
        placement,
        rows.map((row) => locate(placement, row)),
      ),
    ).toEqual(scenario.held.map(({ position }) => createVersion(0, position)));
}

async function expectSame(
  store: Store,
  reference: Store,
  placement: Placement,
  rows: readonly Row[],
): Promise<void> {
  expect(await seen(store, placement, rows)).toEqual(await seen(reference, placement, rows));
  const keys = rows.map((row) => locate(placement, row));
  expect(await store.versions(placement, keys)).toEqual(await reference.versions(placement, keys));
}

/** What a caller must know to find a row: its key, and what never changes. */
const locate = ({ entity }: Placement, row: Row): Row =>
  Object.fromEntries(
    entity.columns.filter((column) => column.immutable).map(({ name }) => [name, row[name] ?? null]),
  );

async function seen(store: Store, placement: Placement, rows: readonly Row[]): Promise<readonly Row[]> {
  const fragment: Fragment = { kind: 'keys', placement, keys: rows.map((row) => locate(placement, row)) };
  return sorted((await store.read(fragment)).map(({ row }: VersionedRow) => row));
}

/** By what they say: a store may keep the members of a JSON value in another order. */
const sorted = (rows: readonly Row[]): readonly Row[] => {
  const textOf = (row: Row): string =>
    keyText(Object.fromEntries(Object.entries(row).map(([name, value]) => [name, inOrder(value)])));
  return [...rows].sort((a, b) => (textOf(a) < textOf(b) ? -1 : 1));
};

const label = ({ placement, index, from, to, order, limit }: Extract<Fragment, { kind: 'slice' }>) => ({
  slice: `${placement.entity.name}.${viewOf(placement)?.name ?? 'source'} by ${index ?? 'itself'} ${String(from)}..${String(to)} ${order} limit ${limit}`,
});

// ── histories ────────────────────────────────────────────────────────────────────────────────────

const keyCount = 3;
const versionCount = 6;
/** What one version of one key says; undefined is a delete. */
const content = fc.option(rowContent, { nil: undefined, freq: 4 });

const history = fc.record({
  contents: fc.array(content, { minLength: keyCount * versionCount, maxLength: keyCount * versionCount }),
  /** Sort keys that shuffle what is delivered, twice over. */
  shuffle: fc.array(fc.nat(), {
    minLength: 2 * keyCount * versionCount,
    maxLength: 2 * keyCount * versionCount,
  }),
  batch: fc.integer({ min: 1, max: 12 }),
  parallel: fc.integer({ min: 1, max: 4 }),
});

/** Every version of every key, and an order in which each is delivered twice, in waves of batches. */
function buildHistory(
  parts: typeof history extends fc.Arbitrary<infer T> ? T : never,
  catalog: Catalog,
  tenant: string,
): {
  inOrder: readonly Change[];
  delivered: readonly (readonly (readonly Change[])[])[];
  rows: readonly Row[];
} {
  const entity = itemOf(catalog);
  const base = Array.from({ length: keyCount }, (_, index) =>
    itemRow({ tenant, number: String(index), label: `l${index}` }),
  );
  const inOrder = parts.contents.map((columns, index) => {
    const row = base[index % keyCount] ?? itemRow({ tenant });
    const position = 1 + Math.floor(index / keyCount);
    return columns === undefined
      ? remove(entity, row, position)
      : upsert(entity, parseRow(entity, { ...row, ...columns }), position);
  });
  const twice = [...inOrder, ...inOrder]
    .map((change, index) => ({ change, order: parts.shuffle[index] ?? 0 }))
    .sort((a, b) => a.order - b.order)
    .map(({ change }) => change);
  const batches = chunk(twice, parts.batch);
  return {
    inOrder,
    delivered: chunk(batches, parts.parallel),
    rows: base.map((row) => ({ ...row, ...keyOfRow(entity, row) })),
  };
}

const chunk = <T>(items: readonly T[], size: number): readonly (readonly T[])[] =>
  Array.from({ length: Math.ceil(items.length / size) }, (_, index) =>
    items.slice(index * size, (index + 1) * size),
  );
