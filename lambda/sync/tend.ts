import { PolystoreError } from '../errors.ts';
import { placementName } from '../stores/placement.ts';
import type { Placement } from '../stores/store.ts';
import type { ViewMonth } from '../stores/tables.ts';
import type { ScanPage } from '../stores/view-store.ts';
import { isSameRow } from './compare.ts';
import type { JobTools } from './job-tools.ts';
import { lookAt } from './look-at.ts';
import { knownRowOf } from './remove-gone.ts';
import { selectViews, storeOfView } from './sync-stores.ts';

export interface TendWork {
  readonly kind: 'tend';
  /** Null: nothing was done yet. */
  readonly state: {
    /** Months that may be dropped; the first is looked through, from `after`. */
    readonly left: readonly ViewMonth[];
    readonly after: string | null;
  } | null;
  readonly dropped: readonly ViewMonth[];
  /** Those that stay for now, with the reason. */
  readonly kept: readonly (ViewMonth & { readonly why: string })[];
  readonly indexesLeft: readonly string[];
}

export const beginTend: TendWork = { kind: 'tend', state: null, dropped: [], kept: [], indexesLeft: [] };

/** A step of a job ends well before its function does. */
const indexesForMs = 60_000;

/** One step of keeping tables: all that is quick, or a page of a month that is to be dropped. */
export async function stepTend(tools: JobTools, work: TendWork): Promise<TendWork> {
  const { state } = work;
  if (state === null) {
    const { missing, due, indexesLeft } = await tools.tables.tend(indexesForMs);
    if (missing.length > 0) tools.log.error('months ahead have no partition', { missing });
    if (indexesLeft.length > 0) tools.log.info('indexes are still being built', { indexesLeft });
    tell(tools, 'MissingPartitions', missing);
    return ended(tools, { ...work, indexesLeft, state: { left: due, after: null } });
  }
  const [month, ...left] = state.left;
  if (month === undefined) return work;
  const next = { left, after: null };
  const keep = (why: string): TendWork => {
    tools.log.error('a month stays that is past what its view keeps', { ...month, reason: why });
    return ended(tools, { ...work, state: next, kept: [...work.kept, { ...month, why }] });
  };
  const placement: Placement = { ...placementOf(tools, month), build: month.build };
  const archive = archiveOf(placement);
  if (archive !== undefined) {
    const page = await tools.pace.run(() =>
      tools.tables.scanMonth({
        placement,
        month: month.month,
        after: state.after ?? undefined,
        limit: tools.pace.rows(),
      }),
    );
    const lacking = await countLacking(tools, { placement, archive, page });
    if (lacking > 0)
      return keep(
        `${placementName(archive)} lacks ${lacking} or more of its rows: polystore backfill ${archive.entity.name} ${'name' in archive.target ? archive.target.name : ''}`,
      );
    if (page.next !== undefined) return { ...work, state: { ...state, after: page.next } };
  }
  try {
    await tools.tables.dropMonth(placement, month.month);
  } catch (error) {
    if (!(error instanceof PolystoreError) || error.code !== 'contended') throw error;
    return keep(error.message);
  }
  tools.log.info('a month was dropped that is past what its view keeps', { ...month });
  return ended(tools, { ...work, state: next, dropped: [...work.dropped, month] });
}

/** Tells what stays once everything was looked at. */
function ended(tools: JobTools, work: TendWork): TendWork {
  if (work.state?.left.length === 0) tell(tools, 'OverduePartitions', work.kept);
  return work;
}

function tell(
  { catalog, metrics }: JobTools,
  name: 'MissingPartitions' | 'OverduePartitions',
  months: readonly ViewMonth[],
): void {
  for (const placement of selectViews(catalog, { entity: undefined, view: undefined })) {
    if (placement.target.kind !== 'aurora.table' || placement.target.partitionBy === undefined) continue;
    const view = placementName(placement);
    metrics.add({ store: 'aurora', view }, { [name]: months.filter((each) => each.view === view).length });
  }
}

function placementOf({ catalog }: JobTools, { view: name }: ViewMonth): Placement {
  const [entity, view] = name.split('.');
  const [placement] = selectViews(catalog, { entity, view });
  // The tables are of the same model.
  return placement as Placement;
}

const archiveOf = ({ entity }: Placement): Placement | undefined => {
  const target = entity.views.find(({ kind }) => kind === 'archive.parquet');
  return target === undefined ? undefined : { entity, target };
};

/** How many rows of a page the archive has neither as new as the view nor the same. */
async function countLacking(
  { stores }: JobTools,
  { placement, archive, page }: Record<'placement' | 'archive', Placement> & { readonly page: ScanPage },
): Promise<number> {
  const shown = page.rows.flatMap((held) =>
    held.row === undefined ? [] : [{ version: held.version, row: knownRowOf(placement, held) }],
  );
  if (shown.length === 0) return 0;
  const found = await lookAt(
    storeOfView(stores, archive),
    archive,
    shown.map(({ row }) => row),
  );
  return shown.filter(({ version, row }, index) => {
    const held = found[index];
    if (held === undefined) return true;
    // Of a source without versions of its own a backfill gives another one, and nothing else.
    return held.version < version && (held.row === undefined || !isSameRow(archive, held.row, row));
  }).length;
}
