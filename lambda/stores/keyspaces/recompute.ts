import { PolystoreError } from '../../errors.ts';
import type { CatalogMetric, WideTable } from '../../model/index.ts';
import { backOff } from '../backoff.ts';
import { placementName, rowId } from '../placement.ts';
import type { Placement } from '../store.ts';
import type { Requests } from './requests.ts';
import { rollupOf } from './rollup.ts';
import {
  decodeState,
  measuredColumns,
  rowsOfBucket,
  setBucket,
  sourceOf,
  stateOf,
  type TouchedBucket,
} from './rollup-write.ts';
import { readSlice } from './rows.ts';
import { tableViewOf } from './schema.ts';
import { addUp, fingerprintOf, type IdentifiedRow } from './totals.ts';

export interface RecomputeContext {
  readonly requests: Requests;
  readonly keyspace: string;
  /** Of the rollup, and of the rows that it is worked out from. */
  readonly table: WideTable;
  readonly source: WideTable;
  readonly nowMs: number;
  readonly random: () => number;
}

/** A metric that is not set yet, and its revision when that was first read. */
interface Pending {
  readonly metric: CatalogMetric;
  readonly before: bigint | undefined;
}

/** Two are enough, unless an answer is lost on its way. */
const attempts = 10;

/**
 * Works a bucket out anew (DESIGN §4, rule 5): its revisions first, then the rows, then compare-and-set. Whoever
 * sets a revision has read the rows after the revision before it was set, and so has seen every row that anyone
 * had written by then; whoever is overtaken starts again.
 *
 * Whoever is overtaken twice is done: the second of the others read its rows after the first had set its
 * revision, which is after ours were written. So callers who meet do not keep one another busy.
 *
 * Where the rows and their versions are those that the bucket was last worked out from, nothing is set: whoever
 * still holds its revision read the rows after it was set, and so no older ones.
 *
 * @throws PolystoreError `contended` when others were faster each time.
 */
export async function recompute(
  placement: Placement,
  bucket: TouchedBucket,
  context: RecomputeContext,
): Promise<void> {
  const { requests, keyspace, table, random } = context;
  const rollup = { keyspace, table };
  let left: readonly Pending[] = bucket.metrics.map((metric) => ({ metric, before: undefined }));
  for (let attempt = 1; attempt <= attempts; attempt += 1) {
    if (attempt > 1) await backOff(attempt - 1, random);
    const read = await Promise.all(
      left.map(async ({ metric, before }) => {
        const state = decodeState(await requests.readAll(stateOf(rollup, bucket, metric)));
        return { metric, state, before: before ?? state?.revision ?? 0n };
      }),
    );
    const behind = read.filter(({ state, before }) => (state?.revision ?? 0n) < before + 2n);
    if (behind.length === 0) return;
    const rows = await readBucket(placement, bucket, context);
    const outcomes = await Promise.all(
      behind.map(async ({ metric, state }) => {
        const fingerprint = fingerprintOf(placement.entity, metric, rows);
        if (fingerprint === state?.fingerprint) return true;
        const next = { totals: addUp(placement.entity, metric, rows), fingerprint };
        return requests.compareAndSet(setBucket(rollup, bucket, metric, next, state?.revision));
      }),
    );
    left = behind.filter((_, index) => outcomes[index] !== true);
    if (left.length === 0) return;
  }
  throw new PolystoreError(
    'contended',
    `Others worked out the hour ${bucket.hour} of ${placementName(placement)} at each of ${attempts} tries. The batch comes again.`,
  );
}

/** The rows that a bucket is worked out from, in an order that is the same every time. */
export async function readBucket(
  placement: Placement,
  bucket: TouchedBucket,
  { requests, keyspace, source: table, nowMs }: RecomputeContext,
): Promise<readonly IdentifiedRow[]> {
  const source = sourceOf(placement);
  const projection = {
    placement: source,
    tableView: tableViewOf(source, table),
    columns: [...new Set([...Object.keys(bucket.equal), ...measuredColumns(rollupOf(placement))])],
  };
  const held = await readSlice(requests, keyspace, projection, rowsOfBucket(placement, bucket), nowMs);
  return held.map(({ row, version }) => ({ id: rowId(source, row), row, version }));
}
