import { randomUUID } from 'node:crypto';
import { setImmediate, setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, test } from '@jest/globals';
import type { Row } from '../../lambda/change/change.ts';
import { createVersion } from '../../lambda/change/version.ts';
import { placementName, projectRow } from '../../lambda/stores/placement.ts';
import type { Placement } from '../../lambda/stores/store.ts';
import type { Build } from '../../lambda/stores/view-store.ts';
import { itemRow, remove, upsert } from './contract-model.ts';
import { heldOf, scanAll, type ViewContext } from './view-contract-context.ts';

export function buildCases(context: ViewContext): void {
  describe('builds', () => {
    const settled = (): Promise<void> => sleep(context.store.buildDelayMs);
    /** Begins a build in the store and in the reference; both may number theirs as they like. */
    const begin = async (): Promise<{ readonly inStore: Placement; readonly inReference: Placement }> => {
      const inReference = await context.reference.beginBuild(context.placement);
      const inStore = await context.store.beginBuild(context.placement);
      await settled();
      return { inStore, inReference };
    };
    const activate = async ({ inStore, inReference }: Awaited<ReturnType<typeof begin>>): Promise<void> => {
      await context.reference.activateBuild(inReference);
      await context.store.activateBuild(inStore);
      await settled();
    };
    const list = (): Promise<readonly Build[]> => context.store.builds(context.placement);
    const active = async (): Promise<number> =>
      (await list()).find(({ state }) => state === 'active')?.number ?? 0;
    const keysRead = (rows: readonly Row[], build?: number) =>
      context.store.read({
        kind: 'keys',
        placement: build === undefined ? context.placement : { ...context.placement, build },
        keys: rows,
      });
    const shown = (row: Row): Row => projectRow(context.placement, row);

    // What a test has begun or retired is gone when the next one begins.
    afterEach(async () => {
      for (const store of [context.store, context.reference])
        for (const { number, state } of await store.builds(context.placement))
          if (state !== 'active') await store.dropBuild({ ...context.placement, build: number });
      await settled();
    });

    test('there is one, the active one, until another is begun, which is empty and not read', async () => {
      const { entity } = context.placement;
      const row = itemRow({ tenant: context.tenant() });
      await context.apply([upsert(entity, row, 1)]);
      const before = await list();

      const { inStore } = await begin();

      expect(before.map(({ state }) => state)).toEqual(['active']);
      const added = { number: inStore.build, state: 'building' };
      expect(await list()).toEqual([...before, added]);
      expect((await scanAll(context.store, inStore)).size).toBe(0);
      expect((await keysRead([row])).map((found) => found.row)).toEqual([shown(row)]);
    });

    test('is one at a time', async () => {
      await begin();

      await expect(context.store.beginBuild(context.placement)).rejects.toMatchObject({
        code: 'conflict',
        message: expect.stringContaining(placementName(context.placement)),
      });
    });

    test('begun by several at once, is begun by one', async () => {
      const begun = await Promise.allSettled(
        [1, 2, 3].map(() => context.store.beginBuild(context.placement)),
      );

      expect(begun.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      expect((await list()).map(({ state }) => state)).toEqual(['active', 'building']);
    });

    test('what is applied is in every build, and what is applied to one is in that alone', async () => {
      const { entity } = context.placement;
      const [both, one] = [context.tenant(), context.tenant()];
      const { inStore } = await begin();
      const rows = [both, one].map((tenant) => itemRow({ tenant })) as [Row, Row];

      const result = await context.store.apply(context.placement, [upsert(entity, rows[0], 5)]);
      await context.store.apply(inStore, [upsert(entity, rows[1], 5)]);

      const { countsStale } = context.store.capabilities;
      expect(result).toMatchObject(countsStale ? { applied: 1, stale: 0 } : {});
      const built = [...(await scanAll(context.store, inStore)).values()].map(({ key }) => key.tenant);
      expect(built.sort()).toEqual([both, one].sort());
      expect(await heldOf(context, context.store, { tenant: one })).toEqual([]);
      expect(await keysRead([rows[1]])).toEqual([]);
      await context.reference.apply(context.placement, [upsert(entity, rows[0], 5)]);
    });

    test('rule 1 holds in each: a row that one has and another lacks goes to the one that lacks it', async () => {
      const { entity } = context.placement;
      const tenant = context.tenant();
      const row = itemRow({ tenant });
      await context.apply([upsert(entity, row, 5)]);
      const { inStore } = await begin();

      await context.store.apply(context.placement, [upsert(entity, row, 5)]);
      await context.store.apply(context.placement, [remove(entity, row, 4)]);

      const held = await heldOf(context, context.store, { tenant, build: inStore.build ?? 0 });
      expect(held).toMatchObject([{ version: createVersion(0, 5n), row: shown(row) }]);
    });

    test('a switch shows one build or the other, never a mix and never nothing', async () => {
      const { entity } = context.placement;
      const tenant = context.tenant();
      const rows = [1, 2, 3, 4, 5, 6].map((number) =>
        itemRow({ tenant, number: String(number), label: `l${number}`, count: 1, ratio: 1 }),
      );
      const after = rows.map(
        (row): Row => ({ ...row, count: 2, ratio: 2, seen_at: '2013-01-01T12:00:00.000000Z' }),
      );
      await context.apply(rows.map((row) => upsert(entity, row, 5)));
      const builds = await begin();
      for (const [store, placement] of [
        [context.store, builds.inStore],
        [context.reference, builds.inReference],
      ] as const)
        await store.apply(
          placement,
          after.map((row) => upsert(entity, row, 6)),
        );
      const seen: (readonly Row[])[] = [];
      let reading = true;

      const readers = [1, 2, 3].map(async () => {
        while (reading) {
          seen.push((await keysRead(rows)).map(({ row }) => row));
          // A store in this process would leave nobody else a turn.
          await setImmediate();
        }
      });
      await activate(builds);
      reading = false;
      await Promise.all(readers);

      const texts = (all: readonly Row[]): string =>
        all
          .map((row) => JSON.stringify(row))
          .sort()
          .join();
      const wholes = [texts(rows.map(shown)), texts(after.map(shown))];
      expect([...new Set(seen.map(texts))].filter((text) => !wholes.includes(text))).toEqual([]);
      expect(texts((await keysRead(rows)).map(({ row }) => row))).toBe(wholes[1]);
      expect(await list()).toMatchObject([{ state: 'retired' }, { state: 'active' }]);
    });

    test('activated again, it stays as it is; what was active is written to, and may be made active again', async () => {
      const { entity } = context.placement;
      const first = await active();
      const builds = await begin();
      await activate(builds);
      await activate(builds);
      const row = itemRow({ tenant: context.tenant() });
      await context.apply([upsert(entity, row, 5)]);

      const inRetired = (await keysRead([row], first)).map((found) => found.row);
      await context.store.activateBuild({ ...context.placement, build: first });
      await settled();

      expect(inRetired).toEqual([shown(row)]);
      expect(await list()).toEqual([
        { number: first, state: 'active' },
        { number: builds.inStore.build, state: 'retired' },
      ]);
      await context.reference.activateBuild(builds.inReference);
      await context.store.activateBuild(builds.inStore);
      await settled();
    });

    test('dropped, it is gone with all that it held, is refused by name, and its number is not given again', async () => {
      const { entity } = context.placement;
      const builds = await begin();
      const row = itemRow({ tenant: context.tenant() });
      await context.apply([upsert(entity, row, 5)]);

      await context.store.dropBuild(builds.inStore);
      await context.store.dropBuild(builds.inStore);
      await context.reference.dropBuild(builds.inReference);
      await settled();

      expect((await list()).map(({ state }) => state)).toEqual(['active']);
      const gone = {
        code: 'not_running',
        message: expect.stringContaining(placementName(context.placement)),
      };
      await expect(keysRead([row], builds.inStore.build)).rejects.toMatchObject(gone);
      await expect(context.store.apply(builds.inStore, [upsert(entity, row, 6)])).rejects.toMatchObject(gone);
      await expect(scanAll(context.store, builds.inStore)).rejects.toMatchObject(gone);
      await expect(context.store.activateBuild(builds.inStore)).rejects.toMatchObject(gone);
      expect((await keysRead([row])).map((found) => found.row)).toEqual([shown(row)]);
      const again = await begin();
      expect(again.inStore.build).toBeGreaterThan(builds.inStore.build ?? 0);
      expect((await scanAll(context.store, again.inStore)).size).toBe(0);
    });

    test('the active one is not dropped', async () => {
      const number = await active();

      for (const placement of [context.placement, { ...context.placement, build: number }])
        await expect(context.store.dropBuild(placement)).rejects.toMatchObject({
          code: 'conflict',
          message: expect.stringContaining(placementName(context.placement)),
        });
    });

    test('a retired one is dropped, and what is applied goes on', async () => {
      const { entity } = context.placement;
      const first = await active();
      await activate(await begin());

      await context.store.dropBuild({ ...context.placement, build: first });
      await context.reference.dropBuild({
        ...context.placement,
        build: (await context.reference.builds(context.placement))[0]?.number ?? 0,
      });
      await settled();
      const row = itemRow({ tenant: context.tenant() });
      await context.apply([upsert(entity, row, 5)]);

      expect((await list()).map(({ state }) => state)).toEqual(['active']);
      expect((await keysRead([row])).map((found) => found.row)).toEqual([shown(row)]);
    });

    test('each keeps a progress of its own, and the active one’s is the view’s', async () => {
      const topic = `topic-${randomUUID()}`;
      const { placement, store } = context;
      const save = (to: Placement, from: bigint, end: bigint) =>
        store.saveProgress([{ placement: to, topic, partition: 0, from, to: end }]);
      const kept = async (of: Placement): Promise<readonly bigint[]> =>
        (await store.readProgress([of])).filter((each) => each.topic === topic).map(({ offset }) => offset);
      await save(placement, 0n, 10n);
      const builds = await begin();
      const before = await kept(builds.inStore);

      // The new build has none yet, so it begins here; the active one moves on.
      const both = await save(placement, 10n, 20n);
      // Only the active one lacks what lies between.
      await save(builds.inStore, 20n, 30n);
      const gap = await save(placement, 30n, 40n);

      expect(before).toEqual([]);
      expect(both.gaps).toEqual([]);
      expect(gap.gaps).toHaveLength(1);
      expect(await kept(placement)).toEqual([20n]);
      expect(await kept(builds.inStore)).toEqual([40n]);
      await activate(builds);
      expect(await kept(placement)).toEqual([40n]);
    });
  });
}
