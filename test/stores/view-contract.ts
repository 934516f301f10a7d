import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import type { Change, Row } from '../../lambda/change/change.ts';
import type { Catalog } from '../../lambda/model/index.ts';
import { isDigestible } from '../../lambda/stores/digest.ts';
import { createMemoryStore } from '../../lambda/stores/memory/index.ts';
import type { Placement } from '../../lambda/stores/store.ts';
import type { ViewStore } from '../../lambda/stores/view-store.ts';
import { contractCatalog, placementOf } from './contract-model.ts';
import { buildCases } from './view-contract-builds.ts';
import type { ViewContext } from './view-contract-context.ts';
import { digestCases } from './view-contract-digest.ts';
import { progressCases } from './view-contract-progress.ts';
import { repairCases } from './view-contract-repair.ts';
import { scanCases } from './view-contract-scan.ts';
import { sweepCases } from './view-contract-sweep.ts';

/** What a kind of view may be unable to do; it then refuses it by name. */
export type ViewAbility = 'digest' | 'repair' | 'progress' | 'sweep' | 'builds';

export interface ViewContract {
  readonly name: string;
  /** Placements of `item` that the store holds, as `item.board`. */
  readonly placements: readonly string[];
  /** What they cannot do, and must refuse as `not_supported` by the name of the view. */
  readonly refuses?: readonly ViewAbility[];
  /**
   * Rows of which the store renders some value in other words than `hashedText`, where it hashes by itself: only
   * their own buckets may differ. Default: none.
   */
  readonly rendersOtherwise?: (row: Row) => boolean;
  /** Whether a row is gone, and not only hidden, as soon as it has expired. Default: false. */
  readonly forgetsExpired?: boolean;
  /** Whether the engine lets tombstones go when their time is over, so that there is nothing to sweep. Default: false. */
  readonly sweepsByItself?: boolean;
  /** How often each property is tried. */
  readonly propertyRuns: number;
  /** Its views are of this suite alone: nobody else writes to them. */
  open(clock: () => number): Promise<{
    readonly store: ViewStore;
    /** The `item` of this catalog may have another name than the model's, so that engines can be shared. */
    readonly catalog: Catalog;
  }>;
}

/** Noon of the first day of 2013: rows of that day have not expired. */
const noon = Date.parse('2013-01-01T12:00:00Z');

/**
 * The suite that every ViewStore passes. All that is written is written to the reference too, and what the
 * whole view holds must be what the reference holds.
 */
export function viewContract(contract: ViewContract): void {
  describe(`the contract of views: ${contract.name}`, () => {
    let now = noon;
    let store: ViewStore;
    let catalog: Catalog;
    const reference = createMemoryStore({ clock: () => now });
    beforeAll(async () => {
      ({ store, catalog } = await contract.open(() => now));
      await store.connect();
    });
    afterEach(() => {
      now = noon;
    });
    afterAll(async () => {
      await store.close();
    });
    const can = (ability: ViewAbility): boolean => contract.refuses?.includes(ability) !== true;

    describe.each(contract.placements)('%s', (name) => {
      const context: ViewContext = {
        get store() {
          return store;
        },
        reference,
        get placement() {
          return placementIn(catalog, name);
        },
        get now() {
          return now;
        },
        set now(value) {
          now = value;
        },
        tenant: () => `t-${randomUUID()}`,
        apply: async (changes: readonly Change[], build?: number) => {
          const placement = placementIn(catalog, name);
          for (const each of [reference, store])
            await each.apply(build === undefined ? placement : { ...placement, build }, changes);
        },
        propertyRuns: contract.propertyRuns,
        rendersOtherwise: contract.rendersOtherwise ?? (() => false),
        forgetsExpired: contract.forgetsExpired ?? false,
      };
      scanCases(context);
      // A view that keeps only so many rows is compared row by row.
      if (can('digest') && isDigestible(placementOf(contractCatalog('names'), name))) digestCases(context);
      if (can('repair')) repairCases(context);
      if (can('progress')) progressCases(context);
      if (contract.sweepsByItself)
        test('there is never anything to sweep', async () => {
          expect(await store.sweep(context.placement)).toEqual({ swept: 0, more: false });
        });
      else if (can('sweep')) sweepCases(context);
      if (can('builds')) buildCases(context);

      for (const ability of contract.refuses ?? [])
        test(`cannot do this, and refuses it by name: ${ability}`, async () => {
          const { placement } = context;

          const asked = ask(store, ability, placement);

          await expect(asked).rejects.toMatchObject({
            code: 'not_supported',
            message: expect.stringContaining(`${placement.entity.name}.`),
          });
        });
    });
  });
}

function placementIn(catalog: Catalog, name: string): Placement {
  const [item] = catalog.entities;
  if (item === undefined) throw new TypeError('the catalog of the contract has no entity');
  const [, part] = name.split('.');
  return placementOf(catalog, `${item.name}.${part}`);
}

function ask(store: ViewStore, ability: ViewAbility, placement: Placement): Promise<unknown> {
  switch (ability) {
    case 'digest':
      return store.digest({
        placement,
        buckets: 1,
        only: undefined,
        versions: true,
        after: undefined,
        limit: 10,
      });
    case 'repair':
      return store.repair(placement, []);
    case 'progress':
      return store.readProgress([placement]);
    case 'sweep':
      return store.sweep(placement);
    case 'builds':
      return store.beginBuild(placement);
  }
}
