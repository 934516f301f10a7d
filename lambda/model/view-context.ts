import type { CatalogExpiry, CatalogTerm } from './catalog.ts';
import type { EntityContext } from './entity-context.ts';
import type { Expiry, PartitionTerm } from './language.ts';

/** What the compilation of one view shares with that of its parts. */
export interface ViewContext extends EntityContext {
  readonly name: string;
  /** `entity.views.name`, for problems. */
  readonly where: string;
  readonly typeOf: (column: string) => string | undefined;
  /** Compiles a term of a location. A sparse location may use what is optional: such rows are not in the view. */
  readonly term: (declared: string | PartitionTerm, part: string, sparse?: 'sparse') => CatalogTerm;
  readonly expiry: (declared: Expiry | undefined) => CatalogExpiry | undefined;
  /** The columns that the view holds, in the entity's order: the declared ones and the key. */
  readonly held: (fields: readonly string[] | undefined) => readonly string[];
  /** Notes a problem unless the tenant's value is the first of these terms. */
  readonly tenantLeads: (terms: readonly CatalogTerm[], part: string) => void;
}
