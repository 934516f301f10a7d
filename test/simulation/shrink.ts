import type { Settings } from './settings.ts';

/**
 * The least that still fails: less traffic, then one kind of trouble after the other left out. The order of
 * events is another one each time, so it is a search, not a proof.
 */
export async function shrink(
  settings: Settings,
  fails: (candidate: Settings) => Promise<boolean>,
): Promise<Settings> {
  let least = settings;
  const attempt = async (candidate: Settings): Promise<void> => {
    if (await fails(candidate)) least = candidate;
  };
  await attempt({ ...least, rounds: 1 });
  for (const writers of [1, 2]) if (writers < least.writers) await attempt({ ...least, writers });
  for (const writes of [2, 4, 6, 9]) if (writes < least.writes) await attempt({ ...least, writes });
  for (const name of namesOf(settings.faults))
    if (least.faults[name] > 0) await attempt({ ...least, faults: { ...least.faults, [name]: 0 } });
  for (const name of namesOf(settings.events))
    if (least.events[name] > 0) await attempt({ ...least, events: { ...least.events, [name]: 0 } });
  return least;
}

/** Rates are plain objects: their keys are all there is. */
const namesOf = <T extends object>(rates: T): readonly (keyof T)[] => Object.keys(rates) as (keyof T)[];
