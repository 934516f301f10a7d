import type { QueryStores } from '../../lambda/query/query-stores.ts';
import type { AggregateStore, PagedStore, SourceWriter, Store, TopStore } from '../../lambda/stores/store.ts';

/** The stores of a router, whole: a test puts rows into them itself. */
export interface FilledStores extends QueryStores {
  readonly dynamodb: PagedStore & { readonly writer: SourceWriter };
  readonly redis: Store;
  readonly keyspaces?: AggregateStore;
  readonly opensearch?: AggregateStore & PagedStore & TopStore;
  readonly archive?: AggregateStore;
}
