import type { Client } from '@opensearch-project/opensearch';
import type { OpensearchLogPlacement } from '../../model/index.ts';
import type { Clock, Placement } from '../store.ts';
import { isMissing, isSnapshotted, missingSchema } from './errors.ts';
import { droppable } from './lifecycle.ts';
import { aliasOf, searchView } from './names.ts';

/** How often a process looks for days to drop. */
const everyMs = 3_600_000;

/** Keeps the days of logs: none is made without the template, and none stays when its rows have all left the view. */
export interface DayKeeper {
  /** @throws PolystoreError `store_rejected` when a log has no template: its days would get any mapping. */
  requireTemplate(placement: Placement): Promise<void>;
  /** Drops the days of a log that are over, once an hour at most. */
  drop(placement: Placement): Promise<void>;
}

export function createDayKeeper(options: {
  readonly client: Client;
  readonly model: string;
  readonly clock: Clock;
}): DayKeeper {
  const { client, model, clock } = options;
  const known = new Set<string>();
  const lookedAtMs = new Map<string, number>();
  const logOf = (placement: Placement): { view: OpensearchLogPlacement; alias: string } | undefined => {
    const view = searchView(placement);
    return view.kind === 'opensearch.log' ? { view, alias: aliasOf(model, placement, view) } : undefined;
  };
  return {
    async requireTemplate(placement) {
      const log = logOf(placement);
      if (log === undefined || known.has(log.alias)) return;
      const { body } = await client.indices.existsIndexTemplate({ name: log.alias });
      if (!body) throw missingSchema(`the index template ${log.alias}`);
      known.add(log.alias);
    },
    async drop(placement) {
      const log = logOf(placement);
      if (log === undefined) return;
      const nowMs = clock();
      const last = lookedAtMs.get(log.alias);
      if (last !== undefined && nowMs - last < everyMs) return;
      // Also when it fails, which the caller is told: the next batches go on.
      lookedAtMs.set(log.alias, nowMs);
      const over = droppable(log.view, log.alias, await indicesOf(client, log.alias), nowMs);
      for (const index of over) await deleteIndex(client, index);
    },
  };
}

async function indicesOf(client: Client, alias: string): Promise<readonly string[]> {
  try {
    const { body } = await client.indices.getAlias({ name: alias });
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
