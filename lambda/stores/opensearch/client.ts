import { setTimeout as sleep } from 'node:timers/promises';
import { PolystoreError } from '../../errors.ts';
import { createAdaptiveGate } from '../adaptive-gate.ts';
import { inParallel } from '../in-parallel.ts';
import type { AggregateStore, Clock, Fragment, VersionedRow } from '../store.ts';
import { sendBulk } from './bulk.ts';
import { createClient, type OpensearchConnection, requestsInFlight } from './connection.ts';
import { createDayKeeper } from './day-keeper.ts';
import { isOverloaded, opensearchError } from './errors.ts';
import { aggregateRows } from './groups.ts';
import { lookUp, lookUpVersions } from './look-up.ts';
import { hitRow, isAlive, planFilter, planSlice } from './read.ts';
import { type Searcher, searchRows } from './search.ts';
import { planWrite } from './write.ts';

export interface OpensearchStoreOptions extends OpensearchConnection {
  /** Name of the model: what all its indices start with. */
  readonly model: string;
  readonly clock: Clock;
  /**
   * Makes what an `apply` has written visible to searches before it returns. Costs a new segment for each call:
   * for tests. Default: false, searches see it within `refreshIntervalMs`.
   */
  readonly refresh?: boolean;
  /** Rows or groups of one answer of OpenSearch; more are read page by page. Default: 2000; at most 10,000. */
  readonly pageRows?: number;
  /** Default: `Math.random`. */
  readonly random?: () => number;
}

/** Views in OpenSearch: indices of rows, and logs with an index a day. */
export function createOpensearchStore(options: OpensearchStoreOptions): AggregateStore {
  const { model, clock, refresh = false, pageRows = 2000, random = Math.random } = options;
  const client = createClient(options);
  const gate = () =>
    createAdaptiveGate({ ceiling: requestsInFlight, attempts: 8, isThrottled: isOverloaded, sleep, random });
  const writes = { client, gate: gate(), refresh };
  const searcher: Searcher = { client, gate: gate(), pageRows };
  const days = createDayKeeper({ client, model, clock });
  let closed = false;
  const run = async <T>(work: () => Promise<T>): Promise<T> => {
    if (closed)
      throw new PolystoreError('store_unavailable', 'The OpenSearch store was closed. Make another one.');
    try {
      return await work();
    } catch (error) {
      throw opensearchError(error);
    }
  };

  return {
    name: 'opensearch',
    capabilities: {
      sql: false,
      writesSources: false,
      filters: true,
      matches: true,
      aggregates: true,
      countsStale: true,
      orderedSlices: true,
      keepsVersions: true,
      maxBatch: 1000,
      readYourWrites: 'never',
      underPartition:
        'A shard takes writes only where most of the nodes that may lead can agree on its primary; a caller on the other side gets store_unavailable, and its searches may be older until the nodes meet again.',
    },
    connect: async () => {},
    apply: (placement, changes) =>
      run(async () => {
        const { bulks, rejected } = planWrite({ model, placement, nowMs: clock() }, changes);
        if (bulks.length > 0) await days.requireTemplate(placement);
        const results = await inParallel(bulks, requestsInFlight, (items) => sendBulk(writes, items));
        await days.drop(placement);
        const applied = results.reduce((sum, result) => sum + result.applied, 0);
        const refused = [...rejected, ...results.flatMap((result) => result.rejected)];
        return { applied, stale: changes.length - applied - refused.length, rejected: refused };
      }),
    read: (fragment) => run(() => readRows(searcher, { model, nowMs: clock() }, fragment)),
    aggregate: (fragment) => run(() => aggregateRows(searcher, { model, nowMs: clock() }, fragment)),
    versions: (placement, keys) => run(() => lookUpVersions(searcher, { model, placement, keys })),
    health: () =>
      run(async () => {
        const { body } = await client.cluster.health({});
        if (body.status === 'red')
          throw new PolystoreError(
            'store_unavailable',
            'OpenSearch lacks some of its shards (its health is red). Look at _cluster/allocation/explain.',
          );
      }),
    close: async () => {
      closed = true;
      await client.close();
    },
  };
}

interface Reading {
  readonly model: string;
  readonly nowMs: number;
}

async function readRows(
  searcher: Searcher,
  { model, nowMs }: Reading,
  fragment: Fragment,
): Promise<readonly VersionedRow[]> {
  const { placement } = fragment;
  switch (fragment.kind) {
    case 'keys': {
      const hits = await lookUp(searcher, { model, placement, keys: fragment.keys });
      return hits
        .flatMap((hit) => hitRow({ placement, match: [] }, hit) ?? [])
        .filter(({ row }) => isAlive(placement, row, nowMs));
    }
    case 'slice': {
      const hits = await searchRows(searcher, planSlice(model, fragment, nowMs));
      return hits.flatMap((hit) => hitRow({ placement, match: [] }, hit) ?? []);
    }
    case 'filter': {
      const hits = await searchRows(searcher, planFilter(model, fragment, nowMs));
      return hits.flatMap((hit) => hitRow(fragment, hit) ?? []);
    }
  }
}
