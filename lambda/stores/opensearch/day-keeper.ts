import type { Client } from '@opensearch-project/opensearch';
import type { Clock } from '../store.ts';
import { isMissing, isSnapshotted, missingSchema } from './errors.ts';
import { droppable } from './lifecycle.ts';
import { dayPattern, type Home, type SearchView } from './names.ts';

/** How often a process looks for days to drop. */
const everyMs = 3_600_000;

/** Keeps the days of logs: none is made without the template, and none stays when its rows have all left the view. */
export interface DayKeeper {
  /** @throws PolystoreError `store_rejected` when a log has no template: its days would get any mapping. */
  requireTemplate(view: SearchView, home: Home): Promise<void>;
  /** Drops the days of a log that are over, once an hour at most. */
  drop(view: SearchView, home: Home): Promise<void>;
}

export function createDayKeeper(options: { readonly client: Client; readonly clock: Clock }): DayKeeper {
  const { client, clock } = options;
  const known = new Set<string>();
  const lookedAtMs = new Map<string, number>();
  return {
    async requireTemplate(view, { stem }) {
      if (view.kind !== 'opensearch.log' || known.has(stem)) return;
      const { body } = await client.indices.existsIndexTemplate({ name: stem });
      if (!body) throw missingSchema(`the index template ${stem}`);
      known.add(stem);
    },
    async drop(view, { stem }) {
      if (view.kind !== 'opensearch.log') return;
      const nowMs = clock();
      const last = lookedAtMs.get(stem);
      if (last !== undefined && nowMs - last < everyMs) return;
      // Also when it fails, which the caller is told: the next batches go on.
      lookedAtMs.set(stem, nowMs);
      const over = droppable(view, await daysOf(client, stem), nowMs);
      for (const index of over) await deleteIndex(client, index);
    },
  };
}

/** The indices of a build's days. */
export async function daysOf(client: Client, stem: string): Promise<readonly string[]> {
  try {
    const { body } = await client.indices.getAlias({ index: dayPattern(stem) });
    return Object.keys(body);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

/** Somebody else may have dropped it; and while a snapshot is taken of it, it stays until the next hour. */
async function deleteIndex(client: Client, index: string): Promise<void> {
  try {
    await client.indices.delete({ index });
  } catch (error) {
    if (!isMissing(error) && !isSnapshotted(error)) throw error;
  }
}
