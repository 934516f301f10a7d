import { parseVersion, renderVersion, type Version } from '../change/version.ts';
import { type CatalogEntity, entityOf } from '../model/index.ts';
import type { Placement } from '../stores/store.ts';
import type { JobTools } from './job-tools.ts';
import { type Projected, projectPage } from './project.ts';
import { removeGone } from './remove-gone.ts';
import { storeOfView } from './sync-stores.ts';

/** What a backfill has done so far. */
export interface BackfillCounts {
  /** Rows and tombstones that the source gave. */
  readonly read: number;
  /** Row versions that views took; a row counts once for each view. */
  readonly applied: number;
  readonly stale: number;
  readonly removed: number;
  /** Rows that a view will never take: each is a dead letter. */
  readonly rejected: number;
  /** What the source holds and cannot be read as a row; no view has it. */
  readonly unreadable: number;
}

/** How far a backfill is, as JSON: whoever has the last one goes on from there. A step that is done twice is harmless. */
export type BackfillState = { readonly entity: string; readonly counts: BackfillCounts } & (
  | { readonly phase: 'begin' }
  | ({ readonly phase: 'read'; readonly after: string | null } & Ground)
  | ({ readonly phase: 'remove'; readonly view: number; readonly after: string | null } & Ground)
  | { readonly phase: 'done' }
);

interface Ground {
  /** Where each partition of the log ended before anything was read: all below is in what is read. */
  readonly ends: readonly { readonly partition: number; readonly offset: string }[];
  /** What a view holds below this and was not given is gone; null where versions do not tell. */
  readonly floor: string | null;
}

export const beginBackfill = (entity: CatalogEntity): BackfillState => ({
  phase: 'begin',
  entity: entity.name,
  counts: { read: 0, applied: 0, stale: 0, removed: 0, rejected: 0, unreadable: 0 },
});

/**
 * One step of filling views from their source beside the stream: a page of truth applied under rule 1; after the last
 * one a page of a view at a time without what the source lacks; then the views' progress.
 *
 * The log's end is read before the first page, so every record below it is of a change that the pages have seen: that
 * is what the progress moves to. @param views of this entity; a build where one is meant
 */
export async function stepBackfill(
  tools: JobTools,
  views: readonly Placement[],
  state: BackfillState,
): Promise<BackfillState> {
  const entity = entityOf(tools.catalog, state.entity);
  switch (state.phase) {
    case 'begin': {
      const ends = (await tools.endOffsets(entity.topic)).map(({ partition, offset }) => ({
        partition,
        offset: String(offset),
      }));
      // What the stream gives a build from here on must find its progress, or it would be a gap, and be forgotten. Nobody
      // asks how far a build is that is not read yet.
      await moveProgress(
        tools,
        views.filter(({ build }) => build !== undefined),
        { entity, ends },
      );
      return { ...state, phase: 'read', after: null, ends, floor: null };
    }
    case 'read':
      return read(tools, { entity, views }, state);
    case 'remove':
      return remove(tools, { entity, views }, state);
    case 'done':
      return state;
  }
}

type Phase<P extends BackfillState['phase']> = Extract<BackfillState, { readonly phase: P }>;
interface Target {
  readonly entity: CatalogEntity;
  readonly views: readonly Placement[];
}

async function read(
  tools: JobTools,
  { entity, views }: Target,
  state: Phase<'read'>,
): Promise<BackfillState> {
  const { truth, views: projected } = await tools.pace.run(() =>
    projectPage(tools.stores, {
      entity,
      views,
      after: state.after ?? undefined,
      limit: tools.pace.rows(),
    }),
  );
  await tellRefused(tools, projected);
  const unreadable = truth.unreadable ?? [];
  if (unreadable.length > 0)
    tools.log.error('the source holds what cannot be read as a row', {
      entity: entity.name,
      first: unreadable.slice(0, 10),
    });
  const given = truth.changes.map(({ version }) => version);
  const known = state.floor === null ? [] : [parseVersion(state.floor)];
  // What a page gives it gives just below its floor, and that is not gone.
  const floor = truth.floor === undefined ? undefined : lowest([truth.floor, ...given, ...known]);
  const next = {
    ...state,
    counts: add(state.counts, projected, { read: truth.changes.length, unreadable: unreadable.length }),
    floor: floor === undefined ? null : renderVersion(floor),
  };
  if (truth.next !== undefined) return { ...next, after: truth.next };
  return { ...next, phase: 'remove', view: 0, after: null };
}

async function remove(
  tools: JobTools,
  { entity, views }: Target,
  state: Phase<'remove'>,
): Promise<BackfillState> {
  // Events are never deleted, so nothing of theirs is gone; and to look each up would go through the log for it. What
  // should not be there `verify` finds.
  const scanned =
    entity.source.kind === 'kafka.source'
      ? []
      : views.filter(({ target }) => target.kind !== 'keyspaces.rollup');
  const placement = scanned[state.view];
  if (placement === undefined) return finish(tools, { entity, views }, state);
  const { page, projected } = await tools.pace.run(() =>
    removeGone(tools.stores, {
      placement,
      floor: state.floor === null ? undefined : parseVersion(state.floor),
      after: state.after ?? undefined,
      limit: tools.pace.rows(),
    }),
  );
  await tellRefused(tools, projected?.views ?? []);
  const counts = add(state.counts, projected?.views ?? [], { read: 0, unreadable: 0 });
  if (page.next !== undefined) return { ...state, counts, after: page.next };
  return { ...state, counts, view: state.view + 1, after: null };
}

/** All records below the ends are in what was read; but what could not be read is in no view, and stays a hole. */
async function finish(
  tools: JobTools,
  { entity, views }: Target,
  state: Phase<'remove'>,
): Promise<BackfillState> {
  const { entity: name, counts, ends } = state;
  if (counts.unreadable === 0) await moveProgress(tools, views, { entity, ends });
  return { phase: 'done', entity: name, counts };
}

async function moveProgress(
  tools: JobTools,
  views: readonly Placement[],
  { entity, ends }: { readonly entity: CatalogEntity; readonly ends: Ground['ends'] },
): Promise<void> {
  for (const placement of views)
    await storeOfView(tools.stores, placement).saveProgress(
      ends.map(({ partition, offset }) => ({
        placement,
        topic: entity.topic,
        partition,
        from: 0n,
        to: BigInt(offset),
      })),
    );
}

async function tellRefused(tools: JobTools, projected: readonly Projected[]): Promise<void> {
  for (const { placement, rejected } of projected)
    if (rejected.length > 0) await tools.refused(placement, rejected);
}

function add(
  counts: BackfillCounts,
  projected: readonly Projected[],
  more: Pick<BackfillCounts, 'read' | 'unreadable'>,
): BackfillCounts {
  const sum = (of: (each: Projected) => number): number =>
    projected.reduce((total, each) => total + of(each), 0);
  return {
    read: counts.read + more.read,
    unreadable: counts.unreadable + more.unreadable,
    applied: counts.applied + sum(({ applied }) => applied),
    stale: counts.stale + sum(({ stale }) => stale),
    removed: counts.removed + sum(({ removed }) => removed),
    rejected: counts.rejected + sum(({ rejected }) => rejected.length),
  };
}

/** `Math.min` takes no versions. */
const lowest = (versions: readonly Version[]): Version =>
  versions.toSorted((a, b) => (a < b ? -1 : 1))[0] as Version;
