import type {
  AuroraSourcePlacement,
  AuroraTablePlacement,
  Catalog,
  CatalogEntity,
} from '../../model/index.ts';
import type { BuildsOf } from './builds.ts';

/** A table of the model: a source, or a view that keeps versions. */
export interface ModelTable {
  readonly entity: CatalogEntity;
  readonly target: AuroraSourcePlacement | AuroraTablePlacement;
  /** Of a view. */
  readonly build?: number;
}

export const tablesOf = (catalog: Catalog, builds: BuildsOf): readonly ModelTable[] =>
  catalog.entities.flatMap((entity) => [
    ...(entity.source.kind === 'aurora.source' ? [{ entity, target: entity.source }] : []),
    ...entity.views.flatMap((view) => {
      if (view.kind !== 'aurora.table') return [];
      const placement = { entity, target: view };
      return builds(placement).map(({ number }) => ({ ...placement, build: number }));
    }),
  ]);
