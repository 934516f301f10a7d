import { type CatalogMetric, columnOf, rollupColumns as columns } from '../../model/index.ts';
import { backOff } from '../backoff.ts';
import { inParallel } from '../in-parallel.ts';
import type { Placement } from '../store.ts';
import type { RollupPage, RollupRequest } from '../view-store.ts';
import type { Page } from './connection.ts';
import type { CqlRow } from './read.ts';
import { type RecomputeContext, readBucket } from './recompute.ts';
import { rollupOf, sharedTenant } from './rollup.ts';
import { decodeState, setBucket, sourceOf, stateOf, type TouchedBucket } from './rollup-write.ts';
import { qualified, quote, tableViewOf } from './schema.ts';
import { addUp, fingerprintOf, type Totals } from './totals.ts';
import { decodeColumn } from './value.ts';

const bucketsAtOnce = 16;
/** Looks at a difference before it is one: a batch writes its rows first, and its buckets then. */
const looks = 3;

/**
 * Works one page of a rollup's buckets out anew and compares them with what is held: first those that there are rows
 * for, partition by partition, then those that there are totals for. Rows and totals are read as they are now, so the
 * answer is about this moment; what differs is looked at again before it is told.
 */
export async function checkRollup(
  context: RecomputeContext,
  { placement, after, limit, repair }: RollupRequest,
): Promise<RollupPage> {
  const { phase, from } = readPosition(after);
  const page = await (phase === 'rows' ? rowsPage : totalsPage)(context, placement, { size: limit, from });
  const results = await inParallel(page.buckets, bucketsAtOnce, (bucket) =>
    checkBucket(context, placement, bucket, repair),
  );
  const sum = (part: keyof CheckedBucket): number =>
    results.reduce((total, result) => total + result[part], 0);
  const rest = page.next === undefined ? undefined : `${phase} ${page.next}`;
  return {
    compared: sum('compared'),
    different: sum('different'),
    repaired: sum('repaired'),
    next: rest ?? (phase === 'rows' ? 'totals ' : undefined),
    bytes: page.bytes + sum('bytes'),
  };
}

interface Position {
  readonly phase: 'rows' | 'totals';
  readonly from: string | undefined;
}

function readPosition(after: string | undefined): Position {
  if (after === undefined) return { phase: 'rows', from: undefined };
  const [phase, from = ''] = after.split(' ');
  return { phase: phase === 'totals' ? 'totals' : 'rows', from: from === '' ? undefined : from };
}

interface BucketPage {
  readonly buckets: readonly TouchedBucket[];
  readonly next: string | undefined;
  readonly bytes: number;
}

type PageSize = { readonly size: number; readonly from: string | undefined };

/** The buckets of some rows: each partition of theirs is one, or a part of one. */
async function rowsPage(
  { requests, keyspace, source }: RecomputeContext,
  placement: Placement,
  size: PageSize,
): Promise<BucketPage> {
  const { partitionKey } = tableViewOf(sourceOf(placement), source).table;
  const names = partitionKey.map(({ name }) => quote(name)).join(', ');
  const page = await requests.readPage(
    { cql: `SELECT ${names} FROM ${qualified(keyspace, source)}`, params: [] },
    size,
  );
  const { bucket } = rollupOf(placement);
  return bucketsOf(placement, page, (row) => ({
    tenant: row[placement.entity.tenant ?? ''],
    hour: row[`${bucket.column}_${bucket.unit}`],
  }));
}

/** The buckets of some totals. Those of no rows have none. */
async function totalsPage(
  { requests, keyspace, table }: RecomputeContext,
  placement: Placement,
  size: PageSize,
): Promise<BucketPage> {
  const names = [columns.tenant, columns.hour, columns.count].map(quote).join(', ');
  const page = await requests.readPage(
    { cql: `SELECT ${names} FROM ${qualified(keyspace, table)}`, params: [] },
    size,
  );
  const rows = page.rows.filter((row) => row[columns.count] !== null);
  return bucketsOf(placement, { ...page, rows }, (row) => ({
    tenant: row[columns.tenant],
    hour: row[columns.hour],
  }));
}

function bucketsOf(
  placement: Placement,
  { rows, next }: Page,
  where: (row: CqlRow) => { readonly tenant: unknown; readonly hour: unknown },
): BucketPage {
  const { entity } = placement;
  const { bucket, metrics } = rollupOf(placement);
  const found = new Map<string, TouchedBucket>();
  for (const row of rows) {
    const { tenant, hour } = where(row);
    const owner = entity.tenant === undefined ? sharedTenant : String(tenant);
    found.set(`${String(hour)} ${owner}`, {
      tenant: owner,
      hour: String(hour),
      metrics,
      equal: {
        ...(entity.tenant !== undefined && {
          [entity.tenant]: decodeColumn(columnOf(entity, entity.tenant), tenant),
        }),
        // Its hour's first instant stands for all of it.
        [bucket.column]: `${String(hour)}:00:00.000000Z`,
      },
    });
  }
  return { buckets: [...found.values()], next, bytes: rows.length * rowBytes };
}

/** About what a row of such a page takes. */
const rowBytes = 40;

interface CheckedBucket {
  readonly compared: number;
  readonly different: number;
  readonly repaired: number;
  readonly bytes: number;
}

async function checkBucket(
  context: RecomputeContext,
  placement: Placement,
  bucket: TouchedBucket,
  repair: boolean,
): Promise<CheckedBucket> {
  let left: readonly CatalogMetric[] = bucket.metrics;
  let different = 0;
  let repaired = 0;
  let bytes = 0;
  for (let look = 1; left.length > 0 && look <= looks; look += 1) {
    if (look > 1) await backOff(look, context.random);
    const { wrong, read } = await differences(context, placement, { ...bucket, metrics: left });
    bytes += read;
    left = wrong.map(({ metric }) => metric);
    if (look < looks) continue;
    different = wrong.length;
    if (!repair) break;
    const set = await Promise.all(wrong.map(({ repairing }) => repairing()));
    repaired = set.filter((isSet) => isSet).length;
  }
  return { compared: bucket.metrics.length, different, repaired, bytes };
}

/** Metrics that are held otherwise than the rows add up to, and how each is set right if nobody has set it meanwhile. */
async function differences(
  context: RecomputeContext,
  placement: Placement,
  bucket: TouchedBucket,
): Promise<{
  readonly wrong: readonly { readonly metric: CatalogMetric; repairing(): Promise<boolean> }[];
  readonly read: number;
}> {
  const { requests, keyspace, table } = context;
  const { entity } = placement;
  const rollup = { keyspace, table };
  // The revisions first, as whoever works a bucket out does (recompute.ts).
  const held = await Promise.all(
    bucket.metrics.map(async (metric) => ({
      metric,
      state: decodeState(await requests.readAll(stateOf(rollup, bucket, metric))),
    })),
  );
  const rows = await readBucket(placement, bucket, context);
  const wrong = held.flatMap(({ metric, state }) => {
    const totals = addUp(entity, metric, rows);
    if (state === undefined ? totals.count === null : isSame(state.totals, totals)) return [];
    const next = { totals, fingerprint: fingerprintOf(entity, metric, rows) };
    const repairing = (): Promise<boolean> =>
      requests.compareAndSet(setBucket(rollup, bucket, metric, next, state?.revision));
    return [{ metric, repairing }];
  });
  return { wrong, read: rows.reduce((sum, { row }) => sum + JSON.stringify(row).length, 0) };
}

const isSame = (a: Totals, b: Totals): boolean =>
  a.count === b.count && a.sum === b.sum && a.minimum === b.minimum && a.maximum === b.maximum;
