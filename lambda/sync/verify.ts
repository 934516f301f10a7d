import { isDigestible } from '../stores/digest.ts';
import { maxBuckets } from '../stores/row-hash.ts';
import type { Placement } from '../stores/store.ts';
import type { CompareTarget } from './differences.ts';
import type { JobTools } from './job-tools.ts';
import { sourceOf, storeOfView } from './sync-stores.ts';
import { addPage, compareDigests, finerBuckets } from './verify-digests.ts';
import { compareTruth, compareView } from './verify-rows.ts';
import type { DigestState, VerifyCounts, VerifySample, VerifyState } from './verify-state.ts';
import { compareTotals, holdsTotals } from './verify-totals.ts';

/** Digests of so many buckets are compared first: each page of each side says up to 30 bytes for each. */
const coarseBuckets = 256;
/** Buckets that differ are told apart so much finer for as long as they hold more rows than `coarseRows` each. */
const finer = 64;
const coarseRows = 64;
const mostFineBuckets = 8192;
/** Rows that one page of digests goes through: where a store hashes by itself, nothing of them moves. */
const digestRowsAtOnce = 50_000;

/**
 * Begins to compare a view with its source: all of it, or a sample. One sample goes on where the one before ended
 * (`done` says where that is), so that in turn they see every row.
 */
export function beginVerify(
  placement: Placement,
  options: { readonly repair: boolean; readonly sample?: VerifySample },
): VerifyState {
  const { repair, sample } = options;
  const counts: VerifyCounts = {
    compared: 0,
    missing: 0,
    stale: 0,
    extra: 0,
    different: 0,
    repaired: 0,
    unsettled: 0,
    unreadable: 0,
    bytes: 0,
    behind: false,
  };
  if (holdsTotals(placement))
    return {
      phase: 'totals',
      counts,
      repair,
      after: sample?.from.view ?? null,
      sample: sample === undefined ? null : { ...sample, left: sample.rows },
    };
  if (sample !== undefined || !isDigestible(placement))
    return {
      phase: 'truth rows',
      counts,
      repair,
      after: sample?.from.truth ?? null,
      buckets: null,
      sample: sample === undefined ? null : { ...sample, left: sample.rows },
    };
  const buckets = coarseBuckets;
  return { phase: 'truth digests', counts, repair, after: null, buckets, only: null, truth: {}, view: {} };
}
/**
 * One step of a comparison: a page of digests of the source, then of the view; while buckets of many rows differ, again in
 * finer ones; then the rows of those that differ, page by page, of the source (missing, stale, different) and of the
 * view (extra). What differs is looked at again once the view has had time to take what the source had.
 */
export async function stepVerify(
  tools: JobTools,
  placement: Placement,
  state: VerifyState,
): Promise<VerifyState> {
  const target = { placement, versions: placement.entity.source.kind !== 'aurora.source' };
  switch (state.phase) {
    case 'truth digests':
    case 'view digests':
      return digest(tools, target, state);
    case 'truth rows':
      return compareTruth(tools, target, state);
    case 'view rows':
      return compareView(tools, target, state);
    case 'totals':
      return compareTotals(tools, placement, state);
    case 'done':
      return state;
  }
}

async function digest(
  tools: JobTools,
  { placement, versions }: CompareTarget,
  state: DigestState,
): Promise<VerifyState> {
  const request = {
    placement,
    buckets: state.buckets,
    only: state.only === null ? undefined : new Set(state.only),
    versions,
    after: state.after ?? undefined,
    limit: digestRowsAtOnce,
  };
  const ofTruth = state.phase === 'truth digests';
  const page = await tools.pace.run(() =>
    ofTruth
      ? sourceOf(tools.stores, placement.entity).digestTruth(request)
      : storeOfView(tools.stores, placement).digest(request),
  );
  const next = {
    ...state,
    counts: { ...state.counts, bytes: state.counts.bytes + page.bytes },
    ...(ofTruth ? { truth: addPage(state.truth, page) } : { view: addPage(state.view, page) }),
  };
  if (page.next !== undefined) return { ...next, after: page.next };
  if (ofTruth) return { ...next, phase: 'view digests', after: null };
  return judge(next);
}

/** What to look at after digests of both sides. */
function judge(state: DigestState): VerifyState {
  const { truth, view, buckets, only, repair } = state;
  const { rows, differing, rowsInDiffering } = compareDigests(truth, view);
  // Finer digests are of some buckets only; how many rows there are the first ones say.
  const counts = only === null ? { ...state.counts, compared: rows } : state.counts;
  if (differing.length === 0) return { phase: 'done', counts, repair, from: null };
  const canBeFiner = differing.length * finer <= mostFineBuckets && buckets * finer <= maxBuckets;
  if (canBeFiner && rowsInDiffering > coarseRows * differing.length)
    return {
      phase: 'truth digests',
      counts,
      repair,
      after: null,
      buckets: buckets * finer,
      only: finerBuckets(differing, { of: buckets, times: finer }),
      truth: {},
      view: {},
    };
  return {
    phase: 'truth rows',
    counts,
    repair,
    after: null,
    buckets: { of: buckets, only: differing },
    sample: null,
  };
}
