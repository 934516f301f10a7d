import { PolystoreError } from '../../errors.ts';
import type { InvokeFunction } from '../invoke/index.ts';
import { placementName } from '../placement.ts';
import type { AggregateStore } from '../store.ts';
import type { ViewStore } from '../view-store.ts';
import { parseGroups, parseHealthy, parseHeld, parseRows } from './answer.ts';
import { type ArchiveRequest, renderRequest } from './request.ts';
import { createRemoteViews } from './view-client.ts';
import { renderViewRequest } from './view-request.ts';

export interface RemoteArchiveOptions {
  /** The function that reads the archive. */
  readonly invoke: InvokeFunction;
  /**
   * The function that writes it.
   * @default - nothing is written: `apply`, `repair`, `saveProgress` and `sweep` are `not_supported`
   */
  readonly invokeWriter?: InvokeFunction;
}

/**
 * The archive as functions see it that do not carry what reads Parquet, which is many megabytes: others read and
 * write it for them.
 */
export function createRemoteArchive({
  invoke,
  invokeWriter,
}: RemoteArchiveOptions): AggregateStore & ViewStore {
  let closed = false;
  const send = async (to: InvokeFunction, payload: string): Promise<unknown> => {
    if (closed)
      throw new PolystoreError(
        'store_unavailable',
        'The remote archive was closed in this process. Make another one.',
      );
    return JSON.parse(await to(payload));
  };
  const ask = (request: ArchiveRequest): Promise<unknown> => send(invoke, renderRequest(request));
  const views = createRemoteViews({
    read: (asked) => send(invoke, renderViewRequest(asked)),
    write: async (asked) => {
      if (invokeWriter !== undefined) return send(invokeWriter, renderViewRequest(asked));
      throw new PolystoreError(
        'not_supported',
        `${'placement' in asked ? placementName(asked.placement) : 'The archive'} is written by the function that applies the change log to the archive; here it is only read.`,
      );
    },
  });
  return {
    name: 'archive',
    capabilities: {
      sql: false,
      writesSources: false,
      filters: true,
      matches: false,
      pages: false,
      aggregates: true,
      countsStale: false,
      orderedSlices: true,
      keepsVersions: true,
      // A thousand rows of some kilobytes stay below what an invocation may be sent.
      maxBatch: 1000,
      readYourWrites: 'always',
      underPartition: 'Whoever cannot reach the function or S3 does not read; nothing is written here.',
    },
    connect: async () => {},
    ...views,
    read: async (fragment) => parseRows(fragment.placement, await ask({ kind: 'read', fragment })),
    aggregate: async (fragment) => parseGroups(await ask({ kind: 'aggregate', fragment })),
    versions: async (placement, keys) => parseHeld(await ask({ kind: 'versions', placement, keys })),
    health: async () => parseHealthy(await ask({ kind: 'health' })),
    close: async () => {
      closed = true;
    },
  };
}
