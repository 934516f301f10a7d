import { keyText } from '../change/change.ts';
import { isShown, placementName } from '../stores/placement.ts';
import type { Buckets } from '../stores/view-store.ts';
import type { Difference, DifferenceKind, KeyTruth } from './compare.ts';
import { type CompareTarget, compareRows, confirmDifferences, differencesIn } from './differences.ts';
import type { JobTools } from './job-tools.ts';
import { knownRowOf } from './remove-gone.ts';
import { sourceOf, sourcePlacement, storeOfView } from './sync-stores.ts';
import type { RowsState, Sampling, VerifyCounts, VerifyState } from './verify-state.ts';

/** The source's rows: those that the view lacks, or has otherwise. */
export async function compareTruth(
  tools: JobTools,
  target: CompareTarget,
  state: RowsState,
): Promise<VerifyState> {
  const { placement } = target;
  const { entity } = placement;
  const buckets = bucketsOf(state);
  const limit = pageSize(tools, state);
  const truth = await tools.pace.run(() =>
    sourceOf(tools.stores, entity).readTruth({
      placement: sourcePlacement(entity),
      of: {
        kind: 'page',
        after: state.after ?? undefined,
        limit,
        ...(buckets !== undefined && { buckets }),
      },
    }),
  );
  const nowMs = tools.clock();
  const rows = truth.changes.flatMap((change) =>
    change.kind === 'upsert' && isShown(placement, change.row, nowMs) ? [change] : [],
  );
  const truths = new Map<string, KeyTruth>(rows.map((change) => [keyText(change.key), change]));
  const { compared, bytes } = await compareRows(tools, target, {
    known: rows.map(({ row }) => row),
    truth: truths,
  });
  const differences = await differencesIn(tools, target, compared);
  const next = await count(tools, target, { state, differences, kinds: ['missing', 'stale', 'different'] });
  const counts = {
    ...next.counts,
    bytes: next.counts.bytes + truth.bytes + bytes,
    unreadable: next.counts.unreadable + (truth.unreadable?.length ?? 0),
    // With digests the rows were counted already.
    compared: next.counts.compared + (buckets === undefined ? rows.length : 0),
  };
  const sample = sampled(state.sample, truth.changes.length);
  if (truth.next !== undefined && !isDrained(sample)) return { ...state, counts, after: truth.next, sample };
  return {
    ...state,
    phase: 'view rows',
    counts,
    after: sample?.from.view ?? null,
    sample: sample && { ...sample, left: sample.rows, from: { ...sample.from, truth: truth.next ?? null } },
  };
}

/** The view's rows: those that the source lacks. */
export async function compareView(
  tools: JobTools,
  target: CompareTarget,
  state: RowsState,
): Promise<VerifyState> {
  const { placement } = target;
  const buckets = bucketsOf(state);
  const page = await tools.pace.run(() =>
    storeOfView(tools.stores, placement).scan({
      placement,
      after: state.after ?? undefined,
      limit: pageSize(tools, state),
      ...(buckets !== undefined && { buckets }),
    }),
  );
  const nowMs = tools.clock();
  const known = page.rows
    .filter(({ row }) => row !== undefined && isShown(placement, row, nowMs))
    .map((held) => knownRowOf(placement, held));
  const { compared, bytes, unreadable } = await compareRows(tools, target, { known });
  const differences = await differencesIn(tools, target, compared);
  const next = await count(tools, target, { state, differences, kinds: ['extra'] });
  const counts = {
    ...next.counts,
    bytes: next.counts.bytes + page.bytes + bytes,
    unreadable: next.counts.unreadable + unreadable,
  };
  const sample = sampled(state.sample, page.rows.length);
  if (page.next !== undefined && !isDrained(sample)) return { ...state, counts, after: page.next, sample };
  const from = sample && { ...sample.from, view: page.next ?? null };
  return { phase: 'done', counts, repair: state.repair, from };
}

/** Counts differences of some kinds that stay; the others are those of the other side's turn. */
async function count(
  tools: JobTools,
  target: CompareTarget,
  request: {
    readonly state: RowsState;
    readonly differences: readonly Difference[];
    readonly kinds: readonly DifferenceKind[];
  },
): Promise<{ readonly counts: VerifyCounts }> {
  const { state, kinds } = request;
  const differences = request.differences.filter(({ kind }) => kinds.includes(kind));
  if (differences.length === 0) return { counts: state.counts };
  const confirmed = await confirmDifferences(tools, target, { differences, repair: state.repair });
  const ofKind = (kind: DifferenceKind): number =>
    confirmed.differences.filter((each) => each.kind === kind).length;
  const { counts } = state;
  if (confirmed.differences.length > 0)
    tools.log.error('a view differs from its source', {
      view: placementName(target.placement),
      repaired: confirmed.repaired,
      first: confirmed.differences.slice(0, 10).map(({ kind, known }) => ({ kind, key: known })),
    });
  return {
    counts: {
      ...counts,
      missing: counts.missing + ofKind('missing'),
      stale: counts.stale + ofKind('stale'),
      extra: counts.extra + ofKind('extra'),
      different: counts.different + ofKind('different'),
      repaired: counts.repaired + confirmed.repaired,
      unsettled: counts.unsettled + confirmed.unsettled,
      unreadable: counts.unreadable + confirmed.unreadable,
      bytes: counts.bytes + confirmed.bytes,
      behind: counts.behind || !confirmed.settled,
    },
  };
}

const bucketsOf = ({ buckets }: RowsState): Buckets | undefined =>
  buckets === null ? undefined : { of: buckets.of, only: new Set(buckets.only) };

const pageSize = ({ pace }: JobTools, { sample }: RowsState): number =>
  sample === null ? pace.rows() : Math.min(pace.rows(), Math.max(sample.left, 1));

const sampled = (sample: Sampling | null, rows: number): Sampling | null =>
  sample && { ...sample, left: sample.left - rows };

const isDrained = (sample: Sampling | null): boolean => sample !== null && sample.left <= 0;
