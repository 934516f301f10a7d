import { types } from 'cassandra-driver';
import { renderVersion, type Version } from '../../change/version.ts';
import { inParallel } from '../in-parallel.ts';
import { knownRow, placementName, placeOf, rowId } from '../placement.ts';
import type { Placement } from '../store.ts';
import { compareText } from '../value-order.ts';
import type { Repair, RepairResult } from '../view-store.ts';
import { locationOf } from './place.ts';
import type { Requests } from './requests.ts';
import { type HeldInSubBucket, heldVersions } from './rows.ts';
import type { TableView } from './schema.ts';
import type { State } from './state.ts';
import { type Bound, deleteVersion, renderInsert, sweepBelow } from './write.ts';

export interface RepairContext {
  readonly requests: Requests;
  readonly state: State;
  readonly keyspace: string;
  readonly placement: Placement;
  readonly tableView: TableView;
  readonly nowMs: number;
}

const repairsAtOnce = 16;
/** Longer than a repair takes. */
const claimSeconds = 60;

/**
 * Puts each change in the place of exactly the version that was compared (DESIGN §4, rule 3): its row is inserted, then
 * every version above it that was seen is deleted, each by its whole key, then what lies below.
 *
 * Why no condition is needed on the table: versions are rows of their own. A change that comes meanwhile is another
 * row, which no deletion here names, and counts if it is the highest. The row of an equal version is written over with
 * all columns, absent ones as nulls, in one statement. Of several repairs of one version one may go on, which is
 * decided by a conditional write in the table of what is known of views: conditional writes in this one would order
 * themselves by another clock than the plain ones beside them.
 */
export async function repairRows(context: RepairContext, repairs: readonly Repair[]): Promise<RepairResult> {
  const outcomes = await inParallel(repairs, repairsAtOnce, (repair) => repairRow(context, repair));
  return {
    repaired: outcomes.filter((isDone) => isDone).length,
    moved: repairs.filter((_, index) => outcomes[index] !== true),
  };
}

async function repairRow(context: RepairContext, { change, held }: Repair): Promise<boolean> {
  const { requests, state, keyspace, placement, tableView, nowMs } = context;
  const location = locationOf(placement, tableView, knownRow(change));
  // Such rows are not in the view.
  if (location.kind === 'outside') return held === undefined;
  if (location.kind !== 'place') return false;
  const insert = renderInsert({ placement, tableView, location, change }, { keyspace, nowMs });
  if (insert.kind === 'refused') return false;
  if (newestOf(await heldVersions(requests, keyspace, tableView, location)) !== held) return false;
  const claim = [
    'repair',
    placementName(placement),
    tableView.table.name,
    placeOf(placement)(change),
    rowId(placement, change.key),
    held ?? 'nothing',
  ].join(' ');
  if (!(await state.claim(claim, claimSeconds))) return false;
  // Who had the claim before may have ended only now.
  const seen = await heldVersions(requests, keyspace, tableView, location);
  if (newestOf(seen) !== held) return false;
  await requests.write([wholly(insert.bound)]);
  const version = renderVersion(change.version);
  const wrong = seen.flatMap(({ subBucket, versions }) =>
    versions
      .filter((each) => each > version || (each === version && subBucket !== location.subBucket))
      .map((each) => deleteVersion(keyspace, tableView, location, { subBucket, version: each })),
  );
  const below = seen
    .filter(({ versions }) => versions.some((each) => each < version))
    .map(({ subBucket }) => sweepBelow(keyspace, tableView, location, { subBucket, version }));
  for (const statement of [...wrong, ...below]) await requests.write([statement]);
  return true;
}

/** The highest version that is held of a row. */
function newestOf(held: readonly HeldInSubBucket[]): Version | undefined {
  const newest = held
    .flatMap(({ versions }) => versions)
    .sort(compareText)
    .at(-1);
  // Versions are written by renderVersion alone.
  return newest === undefined ? undefined : (BigInt(newest) as Version);
}

/** What a row lacks is written too: else columns of the row that it replaces would stay. */
const wholly = ({ cql, params }: Bound): Bound => ({
  cql,
  params: params.map((value) => (value === types.unset ? null : value)),
});
