import type { CatalogColumn } from './catalog.ts';
import type { EntityDefinition } from './language.ts';
import type { Problems } from './problems.ts';

/** What the parts of one entity's compilation share. */
export interface EntityContext {
  readonly definition: EntityDefinition;
  readonly columns: readonly CatalogColumn[];
  readonly key: readonly string[];
  readonly tenant: string | undefined;
  /** The column of a field; notes a problem when there is none. */
  readonly resolve: (field: string, where: string) => string;
  readonly problems: Problems;
}
