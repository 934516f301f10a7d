import {
  type BuildCatalog as AnyBuildCatalog,
  type PlacedBuild as AnyPlacedBuild,
  catalogOf,
} from '../placed-builds.ts';
import type { Placement } from '../store.ts';
import { changedMeanwhile, chosen, createBuildCache, firstBuilds, type ViewBuilds } from '../view-builds.ts';
import { aliasOf, buildName, type Home, homeOf, searchView } from './names.ts';
import type { SchemaBuild } from './schema.ts';
import type { State, StateDocument } from './state.ts';

/** How long a process goes by what it has read of a view's builds, in milliseconds. */
export const buildDelayMs = 1_000;

/** What the engine holds of a view's builds. */
export interface HeldBuilds {
  readonly builds: ViewBuilds;
  /** What they are compared by; undefined for a view that never had a second one, which has no document. */
  readonly held: StateDocument['held'] | undefined;
}

const documentId = (alias: string): string => `builds ${alias}`;

/** The builds of a view, as they are now. */
export async function readBuilds(state: State, alias: string): Promise<HeldBuilds> {
  const [document] = await state.read([documentId(alias)]);
  // Written by writeBuilds alone.
  const builds = document === undefined ? firstBuilds : (document.source as unknown as ViewBuilds);
  return { builds, held: document?.held };
}

/** @throws PolystoreError `conflict` where somebody else has changed them meanwhile. */
export async function writeBuilds(
  state: State,
  placement: Placement,
  { alias, builds, held }: HeldBuilds & { readonly alias: string },
): Promise<void> {
  if (!(await state.put(documentId(alias), { ...builds }, held))) throw changedMeanwhile(placement);
}

/** The builds of a view as their schema needs them: without numbers while there was never but one. */
export const schemaBuilds = ({ builds, held }: HeldBuilds): readonly SchemaBuild[] =>
  builds.list.map(({ number, state }) => ({
    number: held === undefined ? undefined : number,
    active: state === 'active',
  }));

/** A build, where it lies and what it is called. */
export interface PlacedBuild extends AnyPlacedBuild {
  readonly home: Home;
  readonly name: string;
}

/** What this process goes by: read again once it is older than `buildDelayMs`. */
export type BuildCatalog = AnyBuildCatalog<PlacedBuild>;

/** @param now any clock that goes on evenly, in milliseconds. */
export function createBuildCatalog(state: State, model: string, now: () => number): BuildCatalog {
  const nameOf = (placement: Placement): string => aliasOf(model, placement, searchView(placement));
  const cache = createBuildCache((placement) => readBuilds(state, nameOf(placement)), {
    delayMs: buildDelayMs,
    now,
  });
  const written: BuildCatalog['written'] = async (placement) => {
    const view = searchView(placement);
    const alias = nameOf(placement);
    const { builds, held } = await cache.of(placement);
    return chosen(placement, builds).map(({ number }) => ({
      placement,
      number,
      home: homeOf(alias, view, held === undefined ? undefined : number),
      name: buildName(alias, number),
    }));
  };
  return catalogOf({ written, forget: cache.forget });
}
