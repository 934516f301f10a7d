import type { Catalog, WideTable } from '../../model/index.ts';
import {
  type BuildCatalog as AnyBuildCatalog,
  type PlacedBuild as AnyPlacedBuild,
  catalogOf,
} from '../placed-builds.ts';
import { placementName } from '../placement.ts';
import type { Placement } from '../store.ts';
import { changedMeanwhile, chosen, createBuildCache, firstBuilds, type ViewBuilds } from '../view-builds.ts';
import { physicalTable } from './schema.ts';
import type { State } from './state.ts';

/** How long a process goes by what it has read of a view's builds, in milliseconds. */
export const buildDelayMs = 1_000;

/** What the keyspace holds of a view's builds. */
export interface HeldBuilds {
  readonly builds: ViewBuilds;
  /** As it is compared; undefined for a view that never had a second one, of which nothing is held. */
  readonly held: string | undefined;
}

const keyOf = (placement: Placement) => ({ name: `builds ${placementName(placement)}`, part: '' });

/** The builds of a view, as they are now. */
export async function readBuilds(state: State, placement: Placement): Promise<HeldBuilds> {
  const { name, part } = keyOf(placement);
  const held = (await state.read(name)).get(part);
  // Written by writeBuilds alone.
  return { builds: held === undefined ? firstBuilds : (JSON.parse(held) as ViewBuilds), held };
}

/** @throws PolystoreError `conflict` where somebody else has changed them meanwhile. */
export async function writeBuilds(
  state: State,
  placement: Placement,
  { builds, held }: HeldBuilds,
): Promise<void> {
  if (!(await state.put(keyOf(placement), JSON.stringify(builds), held))) throw changedMeanwhile(placement);
}

/** A build and its table. */
export interface PlacedBuild extends AnyPlacedBuild {
  readonly table: WideTable;
}

/** What this process goes by: read again once it is older than `buildDelayMs`. */
export type BuildCatalog = AnyBuildCatalog<PlacedBuild>;

/** @param now any clock that goes on evenly, in milliseconds. */
export function createBuildCatalog(state: State, catalog: Catalog, now: () => number): BuildCatalog {
  const cache = createBuildCache((placement) => readBuilds(state, placement), { delayMs: buildDelayMs, now });
  const written: BuildCatalog['written'] = async (placement) => {
    // First: it refuses what lies elsewhere.
    physicalTable(catalog, placement);
    const { builds } = await cache.of(placement);
    return chosen(placement, builds).map(({ number }) => ({
      placement,
      number,
      table: physicalTable(catalog, placement, number),
    }));
  };
  return catalogOf({ written, forget: cache.forget });
}
