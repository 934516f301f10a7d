import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { PolystoreError } from '../../lambda/errors.ts';
import {
  activated,
  begun,
  chosen,
  createBuildCache,
  dropped,
  firstBuilds,
  removed,
  type ViewBuilds,
} from '../../lambda/stores/view-builds.ts';
import { contractCatalog, placementOf } from './contract-model.ts';

const view = placementOf(contractCatalog('builds'), 'item.found');

type Step = { readonly kind: 'begin' } | { readonly kind: 'activate' | 'drop'; readonly build: number };
const steps = fc.array(
  fc.oneof(
    fc.constant<Step>({ kind: 'begin' }),
    fc.record({ kind: fc.constantFrom('activate', 'drop'), build: fc.integer({ min: 1, max: 6 }) }),
  ),
  { maxLength: 20 },
);

/** What the builds are after a step; as they were where it is refused. */
function take(builds: ViewBuilds, step: Step): ViewBuilds {
  try {
    if (step.kind === 'begin') return begun(view, builds);
    const placement = { ...view, build: step.build };
    if (step.kind === 'activate') return activated(placement, builds) ?? builds;
    const left = dropped(placement, builds);
    return left === undefined ? builds : removed(left, step.build);
  } catch (error) {
    expect(error).toBeInstanceOf(PolystoreError);
    return builds;
  }
}

describe('the builds of a view', () => {
  test('whatever is asked: one is active, one is built at most, and no number is given twice', () => {
    fc.assert(
      fc.property(steps, (all) => {
        let builds = firstBuilds;
        const given = new Set([1]);
        for (const step of all) {
          const next = take(builds, step);
          const states = next.list.map(({ state }) => state);
          expect(states.filter((state) => state === 'active')).toHaveLength(1);
          expect(states.filter((state) => state === 'building').length).toBeLessThanOrEqual(1);
          if (next.last > builds.last) {
            expect(given.has(next.last)).toBe(false);
            given.add(next.last);
          }
          builds = next;
        }
      }),
    );
  });

  test('that are being dropped are written to no more, and dropping goes on where it was left', () => {
    const two = begun(view, firstBuilds);
    const second = { ...view, build: 2 };

    const dropping = dropped(second, two);

    expect(dropping).toMatchObject({ list: [{ number: 1 }], dropping: [2] });
    expect(dropped(second, dropping ?? two)).toBe(dropping);
    expect(dropped(second, removed(dropping ?? two, 2))).toBeUndefined();
    expect(() => chosen(second, dropping ?? two)).toThrow(/no build 2/);
  });

  test('are read again when they are old, after a failure, and when they are to be forgotten', async () => {
    let now = 0;
    let reads = 0;
    const cache = createBuildCache(
      async () => {
        reads += 1;
        if (reads === 2) throw new TypeError('down');
        return reads;
      },
      { delayMs: 10, now: () => now },
    );

    const found = [await cache.of(view), await cache.of(view)];
    now = 10;
    await expect(cache.of(view)).rejects.toThrow('down');
    found.push(await cache.of(view));
    cache.forget(view);
    found.push(await cache.of(view));

    expect(found).toEqual([1, 1, 3, 4]);
  });
});
