import { PolystoreError } from '../../errors.ts';
import { placementName } from '../placement.ts';
import type { Placement } from '../store.ts';
import type { ViewStore } from '../view-store.ts';

/**
 * The archive has one build of a view and makes no other: what the log has forgotten is nowhere else, so there is
 * nothing to build it from.
 */
export const onlyBuild: Pick<
  ViewStore,
  'builds' | 'beginBuild' | 'activateBuild' | 'dropBuild' | 'buildDelayMs'
> = {
  builds: async () => [{ number: 1, state: 'active' }],
  beginBuild: async (placement) => {
    throw new PolystoreError(
      'not_supported',
      `${placementName(placement)} is the archive, which alone holds what the change log has forgotten: it is not built anew. 'polystore verify --repair' mends it by what the log still holds; a column that the model has gained is null in what was written before.`,
    );
  },
  activateBuild: async (placement) => {
    if (placement.build !== undefined && placement.build !== 1) throw noBuild(placement);
  },
  dropBuild: async (placement) => {
    if (placement.build !== undefined && placement.build !== 1) return;
    throw new PolystoreError(
      'conflict',
      `The one build of ${placementName(placement)} is what readers see; it is not dropped. To remove the view, take it out of the model and delete its folder.`,
    );
  },
  buildDelayMs: 0,
};

const noBuild = (placement: Placement): PolystoreError =>
  new PolystoreError(
    'not_running',
    `${placementName(placement)} has no build ${placement.build}; the archive has build 1 alone.`,
  );
