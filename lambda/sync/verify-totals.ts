import { PolystoreError } from '../errors.ts';
import { placementName } from '../stores/placement.ts';
import type { Placement } from '../stores/store.ts';
import type { JobTools } from './job-tools.ts';
import { storeOfView } from './sync-stores.ts';
import type { TotalsState, VerifyState } from './verify-state.ts';

/** Rows of the view that totals are worked out from, of one page. */
const rowsAtOnce = 500;

/** Whether a view holds totals of another view's rows, and no rows. */
export const holdsTotals = ({ target }: Placement): boolean => target.kind === 'keyspaces.rollup';

/**
 * One page of totals, worked out anew from the rows of the view that they are of and compared with what is held. Whether
 * those rows are the source's is that view's own comparison.
 *
 * @throws PolystoreError `not_supported` for a store that cannot do that.
 */
export async function compareTotals(
  { stores, pace }: Pick<JobTools, 'stores' | 'pace'>,
  placement: Placement,
  state: TotalsState,
): Promise<VerifyState> {
  const store = storeOfView(stores, placement);
  const { repair, sample } = state;
  const limit = sample === null ? rowsAtOnce : Math.min(sample.left, rowsAtOnce);
  const page = await pace.run(() => {
    if (store.checkRollup === undefined)
      throw new PolystoreError(
        'not_supported',
        `${placementName(placement)} holds totals, which ${store.name} does not compare with their rows.`,
      );
    return store.checkRollup({ placement, repair, after: state.after ?? undefined, limit });
  });
  const counts = {
    ...state.counts,
    compared: state.counts.compared + page.compared,
    different: state.counts.different + page.different,
    repaired: state.counts.repaired + page.repaired,
    bytes: state.counts.bytes + page.bytes,
  };
  const left = sample === null ? Number.POSITIVE_INFINITY : sample.left - limit;
  const after = page.next ?? null;
  if (after !== null && left > 0)
    return { ...state, counts, after, sample: sample === null ? null : { ...sample, left } };
  const from = sample === null ? null : { truth: null, view: after };
  return { phase: 'done', counts, repair, from };
}
