import type { Change } from '../change/change.ts';
import { PolystoreError } from '../errors.ts';
import { placementName } from '../stores/placement.ts';
import type { Placement } from '../stores/store.ts';
import { type BackfillState, beginBackfill, stepBackfill } from './backfill.ts';
import type { JobTools } from './job-tools.ts';
import { knownRowOf } from './remove-gone.ts';
import { storeOfView } from './sync-stores.ts';
import { beginVerify, stepVerify } from './verify.ts';
import type { VerifyState } from './verify-state.ts';

/**
 * How far a view is in being built anew, as JSON. Readers see the old build until `activate`, and never part of the
 * new one; both take the stream all the time.
 */
export type RebuildState =
  | { readonly phase: 'begin' }
  /** Until every process writes to the new build too. */
  | { readonly phase: 'wait'; readonly build: number; readonly untilMs: number }
  /** Tombstones of the build that is read: the log may be applied again, and nothing else says that those rows are gone. */
  | { readonly phase: 'carry'; readonly build: number; readonly after: string | null }
  | { readonly phase: 'fill'; readonly build: number; readonly fill: BackfillState }
  | { readonly phase: 'check'; readonly build: number; readonly check: VerifyState }
  | { readonly phase: 'activate'; readonly build: number }
  /** Until no process reads the old build; it can be gone back to until then. */
  | { readonly phase: 'grace'; readonly build: number; readonly untilMs: number }
  | { readonly phase: 'drop'; readonly build: number }
  | { readonly phase: 'done'; readonly build: number };

/** How long an old build is kept at least after the switch, in milliseconds. */
const graceMs = 60_000;
/** A wait is looked at so often, so that a job in it can be stopped. */
const lookEveryMs = 1_000;

/**
 * One step of building a view anew beside the one that is read: begin, wait until all write to it, fill it, compare it
 * with the source, switch, wait until nobody reads the old one, drop that.
 *
 * @throws PolystoreError `conflict` when the new build is not equal to its source: nothing was switched.
 */
export async function stepRebuild(
  tools: JobTools,
  placement: Placement,
  state: RebuildState,
): Promise<RebuildState> {
  const store = storeOfView(tools.stores, placement);
  if (state.phase === 'begin') {
    const build = await takeBuild(tools, placement);
    return { phase: 'wait', build, untilMs: tools.clock() + store.buildDelayMs };
  }
  const target: Placement = { ...placement, build: state.build };
  switch (state.phase) {
    case 'wait':
      if (await isOver(tools, state.untilMs)) return { phase: 'carry', build: state.build, after: null };
      return state;
    case 'carry': {
      const next = await carryTombstones(tools, { placement, target }, state.after ?? undefined);
      if (next !== undefined) return { ...state, after: next };
      return { phase: 'fill', build: state.build, fill: beginBackfill(placement.entity) };
    }
    case 'fill': {
      const fill = await stepBackfill(tools, [target], state.fill);
      if (fill.phase !== 'done') return { ...state, fill };
      return { phase: 'check', build: state.build, check: beginVerify(target, { repair: true }) };
    }
    case 'check': {
      const check = await stepVerify(tools, target, state.check);
      if (check.phase !== 'done') return { ...state, check };
      refuseDifferences(placement, check);
      return { phase: 'activate', build: state.build };
    }
    case 'activate':
      await store.activateBuild(target);
      return {
        phase: 'grace',
        build: state.build,
        untilMs: tools.clock() + Math.max(graceMs, store.buildDelayMs),
      };
    case 'grace':
      return (await isOver(tools, state.untilMs)) ? { phase: 'drop', build: state.build } : state;
    case 'drop':
      for (const { number, state: kept } of await store.builds(placement))
        if (kept === 'retired') await store.dropBuild({ ...placement, build: number });
      return { phase: 'done', build: state.build };
    case 'done':
      return state;
  }
}

/**
 * Undoes a rebuild, wherever it is: readers see the old build (again), the new one is dropped.
 * @throws PolystoreError `conflict` when the old build is gone already.
 */
export async function abortRebuild(
  tools: Pick<JobTools, 'stores'>,
  placement: Placement,
  state: RebuildState,
): Promise<void> {
  const store = storeOfView(tools.stores, placement);
  const builds = await store.builds(placement);
  const own = 'build' in state ? state.build : builds.find((each) => each.state === 'building')?.number;
  if (own === undefined) return;
  if (builds.find(({ number }) => number === own)?.state === 'active') {
    const old = builds.findLast(({ state: kept }) => kept === 'retired');
    if (old === undefined)
      throw new PolystoreError(
        'conflict',
        `${placementName(placement)} cannot go back: what build ${own} replaced was dropped already. Rebuild it instead.`,
      );
    await store.activateBuild({ ...placement, build: old.number });
  }
  await store.dropBuild({ ...placement, build: own });
}

/** A comparison that refused the new build is made again from its beginning, once the cause is mended. */
export const restartCheck = (placement: Placement, state: RebuildState): RebuildState =>
  state.phase === 'check'
    ? { ...state, check: beginVerify({ ...placement, build: state.build }, { repair: true }) }
    : state;

/** One page: a delete is hidden in the new build at the version that it has in the old one. */
async function carryTombstones(
  tools: JobTools,
  { placement, target }: { readonly placement: Placement; readonly target: Placement },
  after: string | undefined,
): Promise<string | undefined> {
  const store = storeOfView(tools.stores, placement);
  return tools.pace.run(async () => {
    const page = await store.scan({ placement, after, limit: tools.pace.rows() });
    const tombstones = page.rows
      .filter(({ row }) => row === undefined)
      .map((held): Change => {
        const { key, version } = held;
        const before = knownRowOf(placement, held);
        return { kind: 'delete', entity: placement.entity.name, key, version, before };
      });
    if (tombstones.length > 0) await store.apply(target, tombstones);
    return page.next;
  });
}

/** A build of a step that was done and not written down is gone on with; it is still empty, or half filled. */
async function takeBuild(tools: JobTools, placement: Placement): Promise<number> {
  const store = storeOfView(tools.stores, placement);
  const begun = (await store.builds(placement)).find(({ state }) => state === 'building');
  if (begun !== undefined) return begun.number;
  const { build } = await store.beginBuild(placement);
  if (build !== undefined) return build;
  throw new PolystoreError('internal', `${placementName(placement)} began a build without a number`);
}

async function isOver({ clock, sleep }: JobTools, untilMs: number): Promise<boolean> {
  const leftMs = untilMs - clock();
  if (leftMs > 0) await sleep(Math.min(leftMs, lookEveryMs));
  return clock() >= untilMs;
}

function refuseDifferences(placement: Placement, { counts }: VerifyState): void {
  const { missing, stale, extra, different, repaired, unsettled, unreadable } = counts;
  const left = missing + stale + extra + different - repaired;
  if (left === 0 && unreadable === 0 && unsettled === 0) return;
  throw new PolystoreError(
    'conflict',
    `The new build of ${placementName(placement)} is not equal to its source: ${left} rows differ, ${unreadable} cannot be read at the source, ${unsettled} kept changing. Readers still see the old one. Mend the cause and go on with the job, or abort it.`,
    { details: { ...counts } },
  );
}
