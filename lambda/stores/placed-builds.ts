import type { ApplyResult, Placement } from './store.ts';

/** A build of a view; a store adds where it lies. */
export interface PlacedBuild {
  readonly placement: Placement;
  readonly number: number;
}

/** The builds of views, as this process goes by them: read again after a while. */
export interface BuildCatalog<B extends PlacedBuild> {
  /** The build that the placement names, or the active one. @throws `not_running` for one that is not there. */
  read(placement: Placement): Promise<B>;
  /** The build that the placement names, or each of them, the active one first; one at least. */
  written(placement: Placement): Promise<readonly B[]>;
  /** To be read again. */
  forget(placement: Placement): void;
}

export const catalogOf = <B extends PlacedBuild>(
  parts: Pick<BuildCatalog<B>, 'written' | 'forget'>,
): BuildCatalog<B> => ({
  ...parts,
  read: async (placement) => {
    const [first] = await parts.written(placement);
    // There is one at least.
    return first as B;
  },
});

/**
 * Applies to each build that is written to. One beside that which readers see may have been dropped without this
 * process having heard of it: its failure then says nothing, and its result is undefined.
 *
 * @returns of the build that readers see, then of the others
 */
export async function applyToBuilds<B extends PlacedBuild>(
  builds: BuildCatalog<B>,
  placement: Placement,
  applyTo: (build: B) => Promise<ApplyResult>,
): Promise<readonly [ApplyResult, ...(ApplyResult | undefined)[]]> {
  const [read, ...others] = await builds.written(placement);
  return Promise.all([
    // There is one at least.
    applyTo(read as B),
    ...others.map((build) =>
      applyTo(build).catch(async (error: unknown) => {
        builds.forget(placement);
        const now = await builds.written(placement);
        if (now.some(({ number }) => number === build.number)) throw error;
        return undefined;
      }),
    ),
  ]);
}
