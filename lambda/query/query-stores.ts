import { PolystoreError } from '../errors.ts';
import { storeOf } from '../model/index.ts';
import { placementName } from '../stores/placement.ts';
import type {
  AggregateStore,
  AskedStore,
  PagedStore,
  Placement,
  SourceWriter,
  SqlStore,
  TopStore,
} from '../stores/store.ts';
import type { Combiner } from './combine/combiner.ts';
import type { RemoteCombiner } from './remote-combiner/client.ts';

type AskedAggregateStore = AskedStore & Pick<AggregateStore, 'aggregate'>;
type AskedPagedStore = AskedStore & Pick<PagedStore, 'pages'>;

/** The stores that queries are answered from; the last three only where the model keeps something there. */
export interface QueryStores {
  readonly aurora: SqlStore;
  readonly dynamodb: AskedPagedStore & { readonly writer: SourceWriter };
  readonly redis: AskedStore;
  readonly keyspaces?: AskedAggregateStore;
  readonly opensearch?: AskedAggregateStore & AskedPagedStore & Pick<TopStore, 'top'>;
  readonly archive?: AskedAggregateStore;
  /** What combines rows of several: where DuckDB is itself, elsewhere the function that has it. */
  readonly combiner?: Combiner | RemoteCombiner;
}

/**
 * The store that a placement lies in.
 *
 * @throws PolystoreError `store_unavailable` where there is none: another placement may answer.
 */
export function storeHolding(
  stores: QueryStores,
  placement: Placement,
): AskedStore & Partial<Pick<PagedStore, 'pages'>> {
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
export function aggregatorHolding(stores: QueryStores, placement: Placement): AskedAggregateStore {
  const name = storeOf(placement.target);
  const store =
    name === 'keyspaces' || name === 'opensearch' || name === 'archive' ? stores[name] : undefined;
  if (store !== undefined) return store;
  throw notGiven(placement);
}

/**
 * The store that gives the first rows of groups of a placement.
 *
 * @throws PolystoreError `store_unavailable` where there is none.
 */
export function searchHolding(stores: QueryStores, placement: Placement): AskedStore & Pick<TopStore, 'top'> {
  const store = storeOf(placement.target) === 'opensearch' ? stores.opensearch : undefined;
  if (store !== undefined) return store;
  throw notGiven(placement);
}

function notGiven(placement: Placement): PolystoreError {
  const told = `${placementName(placement)} lies in ${storeOf(placement.target)}, which this function was not given. Its handler opens the stores.`;
  return new PolystoreError('store_unavailable', told, { told });
}
