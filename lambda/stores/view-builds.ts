import { PolystoreError } from '../errors.ts';
import { placementName } from './placement.ts';
import type { Placement } from './store.ts';
import type { Build } from './view-store.ts';

/** What is known of a view's builds, as a store keeps it: JSON. */
export interface ViewBuilds {
  /** Oldest first. */
  readonly list: readonly Build[];
  /** Numbers of those that are being removed. */
  readonly dropping: readonly number[];
  /** The highest number that was ever given. */
  readonly last: number;
}

/** Of a view of which there never was but one. */
export const firstBuilds: ViewBuilds = { list: [{ number: 1, state: 'active' }], dropping: [], last: 1 };

/** @throws PolystoreError `conflict` while there is one being built: one at a time. */
export function requireNoneBuilding(placement: Placement, builds: readonly Build[]): void {
  const building = builds.find(({ state }) => state === 'building');
  if (building !== undefined)
    throw new PolystoreError(
      'conflict',
      `${placementName(placement)} is being built already, as build ${building.number}. Go on with that one or drop it.`,
    );
}

/** With this one active, and what was active retired. */
export const switched = (builds: readonly Build[], active: number): readonly Build[] =>
  builds.map(({ number, state }): Build => {
    if (number === active) return { number, state: 'active' };
    return { number, state: state === 'active' ? 'retired' : state };
  });

/** With another build, of the number `last`. @throws PolystoreError `conflict` while there is one being built. */
export function begun(placement: Placement, builds: ViewBuilds): ViewBuilds {
  requireNoneBuilding(placement, builds.list);
  const number = builds.last + 1;
  return { ...builds, list: [...builds.list, { number, state: 'building' }], last: number };
}

/** With another active one; undefined where it is that already. @throws PolystoreError `not_running` for one that is gone. */
export function activated(placement: Placement, builds: ViewBuilds): ViewBuilds | undefined {
  const [wanted] = chosen(placement, builds);
  if (wanted === undefined || wanted.state === 'active') return undefined;
  return { ...builds, list: switched(builds.list, wanted.number) };
}

/**
 * With a build marked as one that is being removed, so that nobody writes to it any more; undefined where it is gone.
 *
 * @throws PolystoreError `conflict` for the active one.
 */
export function dropped(placement: Placement, builds: ViewBuilds): ViewBuilds | undefined {
  const number = placement.build;
  const held = builds.list.find((each) => each.number === number);
  if (number === undefined || held?.state === 'active')
    throw new PolystoreError(
      'conflict',
      `The active build of ${placementName(placement)} is what readers see; it is not dropped. Make another one active first.`,
    );
  if (held === undefined) return builds.dropping.includes(number) ? builds : undefined;
  const list = builds.list.filter((each) => each !== held);
  return { ...builds, list, dropping: [...builds.dropping, number] };
}

/** Without what is left of a build. */
export const removed = (builds: ViewBuilds, number: number): ViewBuilds => ({
  ...builds,
  dropping: builds.dropping.filter((each) => each !== number),
});

/**
 * The build that a placement names, or each of them, the active one first; one at least.
 *
 * @throws PolystoreError `not_running` for one that is gone.
 */
export function chosen(placement: Placement, { list }: ViewBuilds): readonly Build[] {
  if (placement.build === undefined)
    return list.toSorted((a, b) => Number(b.state === 'active') - Number(a.state === 'active'));
  const found = list.filter(({ number }) => number === placement.build);
  if (found.length > 0) return found;
  throw new PolystoreError(
    'not_running',
    `${placementName(placement)} has no build ${placement.build}: it was dropped. Begin another one.`,
  );
}

/**
 * The number of the build that a placement means, the active one if it names none.
 *
 * @param activeOf called only where none is named
 * @throws PolystoreError `not_running` for one that is not among them.
 */
export function meantBuild(
  placement: Placement,
  builds: readonly Build[],
  activeOf: (builds: readonly Build[]) => number,
): number {
  const build = placement.build ?? activeOf(builds);
  if (builds.some(({ number }) => number === build)) return build;
  throw new PolystoreError(
    'not_running',
    `${placementName(placement)} has no build ${build}: it was dropped, or never begun. Its builds are ${builds.map(({ number }) => number).join(', ')}; begin another one`,
  );
}

/** @returns the number of the build to drop. @throws PolystoreError `conflict` where that is the active one. */
export function droppable(placement: Placement, active: number): number {
  const number = placement.build ?? active;
  if (number !== active) return number;
  throw new PolystoreError(
    'conflict',
    `Build ${active} of ${placementName(placement)} is the active one, which readers see; it is not dropped. Make another one active first.`,
  );
}

/** Somebody else was faster. */
export const changedMeanwhile = (placement: Placement): PolystoreError =>
  new PolystoreError(
    'conflict',
    `The builds of ${placementName(placement)} are being changed by somebody else. Look at them again.`,
  );

/** Goes by what was read, for a while: what a process asks for at each batch. */
export interface BuildCache<T> {
  of(placement: Placement): Promise<T>;
  /** To be read again. */
  forget(placement: Placement): void;
}

/**
 * @param read what is known of a view's builds now.
 * @param time how long that is gone by, and a clock that goes on evenly; both in milliseconds.
 */
export function createBuildCache<T>(
  read: (placement: Placement) => Promise<T>,
  time: { readonly delayMs: number; readonly now: () => number },
): BuildCache<T> {
  const known = new Map<string, { readonly at: number; readonly builds: Promise<T> }>();
  return {
    of(placement) {
      const name = placementName(placement);
      const held = known.get(name);
      if (held !== undefined && time.now() - held.at < time.delayMs) return held.builds;
      const builds = read(placement);
      const entry = { at: time.now(), builds };
      known.set(name, entry);
      // Who asks next asks the engine again.
      builds.catch(() => known.get(name) === entry && known.delete(name));
      return builds;
    },
    forget: (placement) => known.delete(placementName(placement)),
  };
}
