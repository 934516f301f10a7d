import { PolystoreError } from '../errors.ts';
import { type Catalog, type CatalogEntity, type StoreName, storeOf } from '../model/index.ts';
import { snakeCase } from '../model/names.ts';
import { placementName } from '../stores/placement.ts';
import type { Placement } from '../stores/store.ts';
import type { SourceStore, ViewStore } from '../stores/view-store.ts';

/** The stores that truth is read from and that views lie in. */
export interface SyncStores {
  readonly sources: Partial<Readonly<Record<StoreName, SourceStore>>>;
  readonly views: Partial<Readonly<Record<StoreName, ViewStore>>>;
}

/** @throws PolystoreError `invalid_configuration` when it was not opened. */
export function sourceOf({ sources }: SyncStores, entity: CatalogEntity): SourceStore {
  const name = storeOf(entity.source);
  return sources[name] ?? notOpened(`the source of ${entity.name}`, name);
}

/** @throws PolystoreError `invalid_configuration` when it was not opened. */
export function storeOfView({ views }: SyncStores, placement: Placement): ViewStore {
  const name = storeOf(placement.target);
  return views[name] ?? notOpened(placementName(placement), name);
}

function notOpened(what: string, store: StoreName): never {
  throw new PolystoreError(
    'invalid_configuration',
    `${what} lies in ${store}, and this function has no connection to ${store}. Give it the backend in lambda/model/functions.ts.`,
  );
}

export const sourcePlacement = (entity: CatalogEntity): Placement => ({ entity, target: entity.source });

/** The views that are meant by an entity and, if one is meant, a view; without an entity all of the model. */
export function selectViews(
  catalog: Catalog,
  { entity, view }: { readonly entity: string | undefined; readonly view: string | undefined },
): readonly Placement[] {
  if (entity === undefined) return catalog.entities.flatMap(viewsOf);
  const found = catalog.entities.find(({ name }) => name === snakeCase(entity));
  if (found === undefined)
    throw new PolystoreError(
      'unknown_entity',
      `The model ${catalog.name} has no entity '${entity}'. It has: ${catalog.entities.map(({ name }) => name).join(', ')}.`,
    );
  const all = viewsOf(found);
  if (view === undefined) return all;
  const named = all.filter(({ target }) => 'name' in target && target.name === view);
  if (named.length > 0) return named;
  throw new PolystoreError(
    'invalid_request',
    `${found.name} has no view '${view}'. It has: ${found.views.map(({ name }) => name).join(', ') || 'none'}.`,
  );
}

const viewsOf = (entity: CatalogEntity): readonly Placement[] =>
  entity.views.map((target) => ({ entity, target }));
