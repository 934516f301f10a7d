import type { Change } from '../change/change.ts';
import { parted } from '../stores/parted.ts';
import type { ApplyResult, Placement, Store } from '../stores/store.ts';

/** Applies changes one batch after the other, each of the store's best size. */
export async function applyInBatches(
  store: Store,
  placement: Placement,
  changes: readonly Change[],
): Promise<ApplyResult> {
  let applied = 0;
  let stale = 0;
  const rejected: ApplyResult['rejected'][number][] = [];
  for (const part of parted(changes, store.capabilities.maxBatch)) {
    const result = await store.apply(placement, part);
    applied += result.applied;
    stale += result.stale;
    rejected.push(...result.rejected);
  }
  return { applied, stale, rejected };
}
