import { PolystoreError } from '../../errors.ts';
import { placementName } from '../placement.ts';
import type { Placement } from '../store.ts';
import { droppable, meantBuild, requireNoneBuilding, switched } from '../view-builds.ts';
import type { Build } from '../view-store.ts';

/** The builds of a view, and the highest number that was ever given. One text, so that a switch is one step. */
export interface Builds {
  readonly highest: number;
  readonly builds: readonly Build[];
}

const first: Builds = { highest: 1, builds: [{ number: 1, state: 'active' }] };

/** The key of a view's builds: in a slot of its own, apart from every group, whose tag never begins with `@builds`. */
export const buildsKey = (placement: Placement): string => `{@builds|${placementName(placement)}}`;

export const renderBuilds = (builds: Builds): string => JSON.stringify(builds);

/** @param text '' where no other build was ever begun */
export function parseBuilds(placement: Placement, text: string): Builds {
  if (text === '') return first;
  try {
    // renderBuilds is the only writer; what is no list of builds fails here or has no active one below.
    const parsed = JSON.parse(text) as Builds;
    if (parsed.builds.some(({ state }) => state === 'active')) return parsed;
  } catch {
    // Said below.
  }
  throw new PolystoreError(
    'store_rejected',
    `${buildsKey(placement)} holds ${text.slice(0, 80)}, which are no builds of ${placementName(placement)}. Something else writes to Polystore's keys`,
  );
}

const activeOf = ({ builds }: Builds): number =>
  // parseBuilds has seen to it that there is one.
  builds.find(({ state }) => state === 'active')?.number ?? 1;

/** The placement with the build that it means: the one that it names, or the active one. */
export function resolve(placement: Placement, held: Builds): Placement {
  return { ...placement, build: meantBuild(placement, held.builds, () => activeOf(held)) };
}

/** All that `apply` writes to: the build that is named, or each, the active one first. */
export function written(placement: Placement, held: Builds): readonly Placement[] {
  if (placement.build !== undefined) return [resolve(placement, held)];
  const active = activeOf(held);
  const others = held.builds.map(({ number }) => number).filter((number) => number !== active);
  return [active, ...others].map((build) => ({ ...placement, build }));
}

/** @throws `conflict` while one is being built. */
export function begun(placement: Placement, held: Builds): Builds {
  requireNoneBuilding(placement, held.builds);
  const highest = held.highest + 1;
  return { highest, builds: [...held.builds, { number: highest, state: 'building' }] };
}

export function activated(placement: Placement, held: Builds): Builds {
  const active = activeOf(held);
  const next = resolve(placement, held).build ?? active;
  return next === active ? held : { ...held, builds: switched(held.builds, next) };
}

/** @throws `conflict` for the active one. */
export function dropped(placement: Placement, held: Builds): Builds {
  const number = droppable(placement, activeOf(held));
  return { ...held, builds: held.builds.filter((build) => build.number !== number) };
}
