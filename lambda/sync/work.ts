import { PolystoreError } from '../errors.ts';
import { storeOf } from '../model/index.ts';
import { placementName } from '../stores/placement.ts';
import type { Placement } from '../stores/store.ts';
import { type BackfillState, stepBackfill } from './backfill.ts';
import { type FillIndexWork, stepFillIndex } from './fill-index.ts';
import type { JobTools } from './job-tools.ts';
import type { SeenLetter } from './letter-item.ts';
import { verifyMetrics } from './metrics.ts';
import { type RebuildState, stepRebuild } from './rebuild.ts';
import { selectViews, storeOfView } from './sync-stores.ts';
import { stepTend, type TendWork } from './tend.ts';
import { beginVerify, stepVerify } from './verify.ts';
import type { SampleFrom, VerifyCounts, VerifyState } from './verify-state.ts';

/** What a job does and how far it is, as JSON. */
export type Work =
  | {
      readonly kind: 'backfill';
      readonly entity: string;
      readonly view: string | null;
      readonly state: BackfillState;
      /** Dead letters that it makes good. */
      readonly closes: readonly SeenLetter[];
    }
  | {
      readonly kind: 'rebuild';
      readonly entity: string;
      readonly view: string;
      readonly state: RebuildState;
    }
  | VerifyWork
  | TendWork
  | FillIndexWork
  | {
      readonly kind: 'sweep';
      /** Views that are still to be swept, by name. */
      readonly left: readonly string[];
      readonly swept: number;
      /** Views that cannot be swept, with the reason. */
      readonly refused: Readonly<Record<string, string>>;
    };

export interface VerifyWork {
  readonly kind: 'verify';
  readonly repair: boolean;
  /** Rows of each side that are looked at; null: all. */
  readonly sample: number | null;
  /** Where samples begin, by view. */
  readonly from: Readonly<Record<string, SampleFrom>>;
  /** Views that are still to be compared, by name; the first is. */
  readonly left: readonly string[];
  readonly state: VerifyState | null;
  readonly results: Readonly<Record<string, VerifyCounts>>;
  /** Views that cannot be compared, with the reason. */
  readonly refused: Readonly<Record<string, string>>;
}

export const workKinds: readonly Work['kind'][] = [
  'backfill',
  'rebuild',
  'verify',
  'sweep',
  'tend',
  'fill-index',
];

export function isDone(work: Work): boolean {
  if (work.kind === 'tend') return work.state?.left.length === 0;
  return work.kind === 'verify' || work.kind === 'sweep'
    ? work.left.length === 0
    : work.state.phase === 'done';
}

/** One step of a job. Doing it twice is harmless. */
export async function stepWork(tools: JobTools, work: Work): Promise<Work> {
  switch (work.kind) {
    case 'backfill': {
      const views = selectViews(tools.catalog, { entity: work.entity, view: work.view ?? undefined });
      return { ...work, state: await stepBackfill(tools, withTotals(views), work.state) };
    }
    case 'rebuild': {
      const placement = viewNamed(tools, `${work.entity}.${work.view}`);
      return { ...work, state: await stepRebuild(tools, placement, work.state) };
    }
    case 'verify':
      return stepVerifyWork(tools, work);
    case 'sweep':
      return stepSweep(tools, work);
    case 'tend':
      return stepTend(tools, work);
    case 'fill-index':
      return stepFillIndex(tools, work);
  }
}

/** Totals are worked out from the rows of another view: whoever fills that fills them too. */
function withTotals(views: readonly Placement[]): readonly Placement[] {
  const totals = views.flatMap(({ entity, target }) =>
    entity.views
      .filter((view) => view.kind === 'keyspaces.rollup' && 'name' in target && view.from === target.name)
      .map((view): Placement => ({ entity, target: view })),
  );
  const named = new Map([...views, ...totals].map((view) => [placementName(view), view]));
  return [...named.values()];
}

async function stepVerifyWork(tools: JobTools, work: VerifyWork): Promise<Work> {
  const [name, ...rest] = work.left;
  if (name === undefined) return work;
  const placement = viewNamed(tools, name);
  const begun = work.state ?? beginVerify(placement, { repair: work.repair, ...sampleOf(work, name) });
  try {
    const state = await stepVerify(tools, placement, begun);
    if (state.phase !== 'done') return { ...work, state };
    tools.metrics.add({ store: storeOf(placement.target), view: name }, verifyMetrics(state.counts));
    return {
      ...work,
      state: null,
      left: rest,
      results: { ...work.results, [name]: state.counts },
      from: state.from === null ? work.from : { ...work.from, [name]: state.from },
    };
  } catch (error) {
    if (!(error instanceof PolystoreError) || error.code !== 'not_supported') throw error;
    return { ...work, state: null, left: rest, refused: { ...work.refused, [name]: error.message } };
  }
}

function sampleOf({ sample, from }: VerifyWork, name: string) {
  if (sample === null) return {};
  return { sample: { rows: sample, from: from[name] ?? { truth: null, view: null } } };
}

async function stepSweep(tools: JobTools, work: Extract<Work, { readonly kind: 'sweep' }>): Promise<Work> {
  const [name, ...rest] = work.left;
  if (name === undefined) return work;
  const placement = viewNamed(tools, name);
  try {
    const { swept, more } = await tools.pace.run(() => storeOfView(tools.stores, placement).sweep(placement));
    return { ...work, left: more ? work.left : rest, swept: work.swept + swept };
  } catch (error) {
    if (!(error instanceof PolystoreError) || error.code !== 'not_supported') throw error;
    return { ...work, left: rest, refused: { ...work.refused, [name]: error.message } };
  }
}

/** A view by its name, such as `flight.board`. */
export function viewNamed({ catalog }: Pick<JobTools, 'catalog'>, name: string): Placement {
  const [entity, view] = name.split('.');
  const [placement] = selectViews(catalog, { entity, view });
  if (placement !== undefined && view !== undefined) return placement;
  throw new PolystoreError('invalid_request', `'${name}' names no view; write it as entity.view.`);
}
