import { PolystoreError } from '../../errors.ts';
import { placementName } from '../placement.ts';
import type { AggregateStore } from '../store.ts';
import { parseGroups, parseHealthy, parseHeld, parseRows } from './answer.ts';
import type { InvokeFunction } from './invoke.ts';
import { type ArchiveRequest, renderRequest } from './request.ts';

/**
 * The archive as the query function sees it: a function of its own reads it, for what reads Parquet is
 * many megabytes. Reads only.
 */
export function createRemoteArchive({ invoke }: { readonly invoke: InvokeFunction }): AggregateStore {
  let closed = false;
  const ask = async (request: ArchiveRequest): Promise<unknown> => {
    if (closed)
      throw new PolystoreError(
        'store_unavailable',
        'The remote archive was closed in this process. Make another one.',
      );
    return JSON.parse(await invoke(renderRequest(request)));
  };
  return {
    name: 'archive',
    capabilities: {
      sql: false,
      writesSources: false,
      filters: true,
      matches: false,
      aggregates: true,
      countsStale: false,
      orderedSlices: true,
      keepsVersions: true,
      maxBatch: 1,
      readYourWrites: 'always',
      underPartition: 'Whoever cannot reach the function or S3 does not read; nothing is written here.',
    },
    connect: async () => {},
    apply: async (placement) => {
      throw new PolystoreError(
        'not_supported',
        `${placementName(placement)} is written by the function that applies the change log to the archive; here it is only read.`,
      );
    },
    read: async (fragment) => parseRows(fragment.placement, await ask({ kind: 'read', fragment })),
    aggregate: async (fragment) => parseGroups(await ask({ kind: 'aggregate', fragment })),
    versions: async (placement, keys) => parseHeld(await ask({ kind: 'versions', placement, keys })),
    health: async () => parseHealthy(await ask({ kind: 'health' })),
    close: async () => {
      closed = true;
    },
  };
}
