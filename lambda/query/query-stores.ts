import { PolystoreError } from '../errors.ts';
import { storeOf } from '../model/index.ts';
import { placementName } from '../stores/placement.ts';
import type { AggregateStore, Placement, SourceWriter, SqlStore, Store } from '../stores/store.ts';

/** The stores that queries are answered from; the last three only where the model keeps something there. */
export interface QueryStores {
  readonly aurora: SqlStore;
  readonly dynamodb: Store & { readonly writer: SourceWriter };
  readonly redis: Store;
  readonly keyspaces?: AggregateStore;
  readonly opensearch?: AggregateStore;
  readonly archive?: AggregateStore;
}

/**
 * The store that a placement lies in.
 *
 * @throws PolystoreError `store_unavailable` where there is none: another placement may answer.
 */
export function storeHolding(stores: QueryStores, placement: Placement): Store {
  const name = storeOf(placement.target);
  const store = name === 'kafka' ? undefined : stores[name];
  if (store !== undefined) return store;
  throw notGiven(placement);
}

/**
 * The store that adds up rows of a placement.
 *
 * @throws PolystoreError `store_unavailable` where there is none.
 */
export function aggregatorHolding(stores: QueryStores, placement: Placement): AggregateStore {
  const name = storeOf(placement.target);
  const store =
    name === 'keyspaces' || name === 'opensearch' || name === 'archive' ? stores[name] : undefined;
  if (store !== undefined) return store;
  throw notGiven(placement);
}

const notGiven = (placement: Placement): PolystoreError =>
  new PolystoreError(
    'store_unavailable',
    `${placementName(placement)} lies in ${storeOf(placement.target)}, which this function was not given. Its handler opens the stores.`,
  );
