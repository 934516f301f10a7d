import type { Catalog } from '../../lambda/model/index.ts';
import type { Tables } from '../../lambda/stores/tables.ts';
import type { SourceStore, ViewStore } from '../../lambda/stores/view-store.ts';
import type { JobTools } from '../../lambda/sync/job-tools.ts';
import type { SyncStores } from '../../lambda/sync/sync-stores.ts';
import { createFakeLines, createFakeMetrics } from './fakes.ts';

/** Every store is this one. */
export const memoryStores = (store: ViewStore & SourceStore): SyncStores => {
  const names = ['aurora', 'dynamodb', 'kafka', 'redis', 'keyspaces', 'opensearch', 'archive'] as const;
  const all = Object.fromEntries(names.map((name) => [name, store]));
  return { sources: all, views: all };
};

/** Of a store that has nothing to do. */
const noTables: Tables = {
  tend: async () => ({ missing: [], due: [], indexesLeft: [] }),
  scanMonth: async () => ({ rows: [], next: undefined, bytes: 0 }),
  dropMonth: async () => {},
};

/** Tools of a job, with no pauses and with views that have always taken everything; what is given replaces them. */
export function createFakeTools(
  options: { readonly catalog: Catalog; readonly stores: SyncStores } & Partial<JobTools>,
): JobTools & { readonly lines: ReturnType<typeof createFakeLines>['lines'] } {
  const log = createFakeLines();
  return {
    pace: { rows: () => 100, run: (page) => page() },
    clock: () => 0,
    sleep: async () => {},
    log,
    metrics: createFakeMetrics(),
    endOffsets: async () => [],
    refused: async () => {},
    settle: async () => true,
    tables: noTables,
    ...options,
    lines: log.lines,
  };
}
