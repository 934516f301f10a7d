import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Change, Row } from '../../lambda/change/change.ts';
import { createVersion, type Version } from '../../lambda/change/version.ts';
import { projectRow } from '../../lambda/stores/placement.ts';
import type { HeldRow, Repair, RepairResult } from '../../lambda/stores/view-store.ts';
import { itemRow, remove, upsert } from './contract-model.ts';
import { heldOf, isHidden, type ViewContext } from './view-contract-context.ts';

const version = (position: number): Version => createVersion(0, BigInt(position));

export function repairCases(context: ViewContext): void {
  const content = (tenant: string, note: string): Row => itemRow({ tenant, note, ratio: note.length });
  const held = async (tenant: string): Promise<HeldRow | undefined> =>
    (await heldOf(context, context.store, { tenant }))[0];
  const expected = (change: Change): Pick<HeldRow, 'version' | 'row'> => ({
    version: change.version,
    row: change.kind === 'upsert' ? projectRow(context.placement, change.row) : undefined,
  });
  const repair = async (repairs: readonly Repair[]): Promise<RepairResult> => {
    await context.reference.repair(context.placement, repairs);
    return context.store.repair(context.placement, repairs);
  };

  describe('repair', () => {
    test.each([
      { to: 'a lower version', position: 5 },
      { to: 'the same version with other columns', position: 10 },
      { to: 'a higher version', position: 15 },
    ])('replaces the version that was compared by $to', async ({ position }) => {
      const { entity } = context.placement;
      const tenant = context.tenant();
      await context.apply([upsert(entity, content(tenant, 'wrong'), 10)]);
      const change = upsert(entity, content(tenant, 'right'), position);

      const result = await repair([{ change, held: version(10) }]);

      expect(result).toEqual({ repaired: 1, moved: [] });
      expect(await held(tenant)).toMatchObject(expected(change));
    });

    test('removes what should not be there, and readers see it no more', async () => {
      const { entity } = context.placement;
      const tenant = context.tenant();
      const row = content(tenant, 'extra');
      await context.apply([upsert(entity, row, 10)]);
      const change = remove(entity, row, 9);

      const result = await repair([{ change, held: version(10) }]);

      expect(result).toEqual({ repaired: 1, moved: [] });
      expect(await held(tenant)).toMatchObject(expected(change));
      expect(await context.store.read({ kind: 'keys', placement: context.placement, keys: [row] })).toEqual(
        [],
      );
    });

    test('puts back what is missing, and what was deleted in error', async () => {
      const { entity } = context.placement;
      const [missing, deleted] = [context.tenant(), context.tenant()];
      await context.apply([remove(entity, content(deleted, 'gone'), 10)]);
      const changes = [missing, deleted].map((tenant) => upsert(entity, content(tenant, 'back'), 7));

      const result = await repair(
        changes.map((change, index) => ({ change, held: index === 0 ? undefined : version(10) })),
      );

      expect(result).toEqual({ repaired: 2, moved: [] });
      for (const [index, tenant] of [missing, deleted].entries()) {
        const change = changes[index];
        expect(await held(tenant)).toMatchObject(change === undefined ? {} : expected(change));
      }
    });

    test('leaves what holds another version by now, higher or lower, and says which', async () => {
      const { entity } = context.placement;
      const [higher, lower, there, gone, fits] = [1, 2, 3, 4, 5].map(() => context.tenant()) as [
        string,
        string,
        string,
        string,
        string,
      ];
      for (const tenant of [higher, lower, there, fits])
        await context.apply([upsert(entity, content(tenant, 'held'), 10)]);
      const to = (tenant: string): Change => upsert(entity, content(tenant, 'repaired'), 20);
      const moved: readonly Repair[] = [
        { change: to(higher), held: version(9) },
        { change: to(lower), held: version(11) },
        { change: to(there), held: undefined },
        { change: to(gone), held: version(10) },
      ];

      const result = await repair([...moved, { change: to(fits), held: version(10) }]);

      expect(result.repaired).toBe(1);
      expect(new Set(result.moved)).toEqual(new Set(moved));
      for (const tenant of [higher, lower, there])
        expect(await held(tenant)).toMatchObject(expected(upsert(entity, content(tenant, 'held'), 10)));
      expect(await held(gone)).toBeUndefined();
      expect(await held(fits)).toMatchObject(expected(to(fits)));
    });

    test('a change that comes later is applied by rule 1 against what was repaired', async () => {
      const { entity } = context.placement;
      const tenant = context.tenant();
      await context.apply([upsert(entity, content(tenant, 'wrong'), 10)]);
      await repair([{ change: upsert(entity, content(tenant, 'right'), 5), held: version(10) }]);

      await context.apply([upsert(entity, content(tenant, 'stale'), 4)]);
      await context.apply([upsert(entity, content(tenant, 'newer'), 6)]);

      expect(await held(tenant)).toMatchObject(expected(upsert(entity, content(tenant, 'newer'), 6)));
    });

    test('loses no update that is applied at the same time', async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(
            fc.record({
              to: fc.constantFrom(5, 10),
              deletes: fc.boolean(),
              // Not what is held or repaired to: equal versions carry equal content, and an archive shows either.
              applied: fc.array(
                fc.integer({ min: 1, max: 30 }).filter((position) => position !== 5 && position !== 10),
                { minLength: 1, maxLength: 3 },
              ),
            }),
            { minLength: 1, maxLength: 4 },
          ),
          async (parts) => {
            const { entity } = context.placement;
            const keys = parts.map((part) => ({ ...part, tenant: context.tenant() }));
            for (const { tenant } of keys)
              await context.apply([upsert(entity, content(tenant, 'compared'), 10)]);
            const repairs = keys.map(({ tenant, to, deletes }): Repair => {
              const row = content(tenant, 'repaired');
              return {
                change: deletes ? remove(entity, row, to) : upsert(entity, row, to),
                held: version(10),
              };
            });
            const batches = keys.flatMap(({ tenant, applied }) =>
              applied.map((position) => [upsert(entity, content(tenant, `at ${position}`), position)]),
            );

            await Promise.all([
              context.store.repair(context.placement, repairs),
              ...batches.map((batch) => context.store.apply(context.placement, batch)),
            ]);

            for (const { tenant, applied, to } of keys) {
              const highest = Math.max(...applied);
              const found = await held(tenant);
              // Above both it is there whoever came first; else the repair may have come before it or after.
              if (highest > 10)
                expect(found).toMatchObject(
                  expected(upsert(entity, content(tenant, `at ${highest}`), highest)),
                );
              else expect(Number(found?.version)).toBeGreaterThanOrEqual(to);
            }
            // What came of it is as it may be; the reference takes it as it is.
            for (const { tenant } of keys) await follow(context, tenant);
          },
        ),
        { numRuns: context.propertyRuns },
      );
    });

    test('of several that compared the same version one is made', async () => {
      const { entity } = context.placement;
      const tenant = context.tenant();
      await context.apply([upsert(entity, content(tenant, 'wrong'), 10)]);
      const repairs = [11, 12, 13, 14].map(
        (position): Repair => ({
          change: upsert(entity, content(tenant, `right ${position}`), position),
          held: version(10),
        }),
      );

      const results = await Promise.all(
        repairs.map((each) => context.store.repair(context.placement, [each])),
      );

      const made = repairs.filter((_, index) => results[index]?.repaired === 1);
      expect(made).toHaveLength(1);
      expect(results.flatMap(({ moved }) => moved)).toHaveLength(3);
      expect(await held(tenant)).toMatchObject(made[0] === undefined ? {} : expected(made[0].change));
      await follow(context, tenant);
    });
  });
}

/** Brings the reference to what the store holds of a tenant, after a race that may end in several ways. */
async function follow(context: ViewContext, tenant: string): Promise<void> {
  const { store, reference, placement } = context;
  const own = await heldOf(context, reference, { tenant });
  for (const { key, version: at, row } of await heldOf(context, store, { tenant })) {
    const change: Change =
      row === undefined || isHidden(context, row)
        ? { kind: 'delete', entity: placement.entity.name, key, version: at, before: itemRow({ tenant }) }
        : {
            kind: 'upsert',
            entity: placement.entity.name,
            key,
            version: at,
            row: { ...itemRow({ tenant }), ...row },
          };
    await reference.repair(placement, [{ change, held: own[0]?.version }]);
  }
}
