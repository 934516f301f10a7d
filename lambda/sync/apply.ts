import { type Change, keyText } from '../change/change.ts';
import { renderVersion } from '../change/version.ts';
import { PolystoreError } from '../errors.ts';
import { type Catalog, type StoreName, storeOf } from '../model/index.ts';
import type { ApplyResult, Clock, Placement, Store } from '../stores/store.ts';
import { applyInBatches } from './apply-in-batches.ts';
import { createApplyMetrics } from './apply-metrics.ts';
import { type ApplyPlan, planApply, scopeOf } from './apply-plan.ts';
import type { DeadLetter, DeadLetters } from './dead-letters.ts';
import type { AppliedKey } from './letter-item.ts';
import type { Log } from './log.ts';
import { type LogEvent, readLogEvent } from './log-event.ts';
import type { Metrics } from './metrics.ts';
import { createProgressKeeper, isViewStore } from './progress.ts';

export interface ApplyOptions {
  readonly catalog: Catalog;
  readonly store: Store;
  /** The views that the store holds. */
  readonly placements: readonly Placement[];
  readonly deadLetters: DeadLetters;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
}

/** What a batch came to. */
export interface ApplySummary {
  readonly records: number;
  readonly changes: number;
  /** Row versions that views took; a change counts once for each view. */
  readonly applied: number;
  readonly stale: number;
  /** Letters written: unreadable records and changes that a view refused. */
  readonly deadLetters: number;
  readonly ignored: number;
}

/** The views of a model that lie in a store. */
export const placementsIn = (catalog: Catalog, store: StoreName): readonly Placement[] =>
  catalog.entities.flatMap((entity) =>
    entity.views.filter((target) => storeOf(target) === store).map((target) => ({ entity, target })),
  );

/**
 * Applies a batch of the change log to one store's views. What cannot be applied becomes a dead
 * letter and the rest goes on; then the views' progress moves past the batch.
 *
 * @throws PolystoreError only when the store or the dead letters cannot be reached: the batch then
 *   comes again, and rule 1 makes that harmless.
 */
export function createApply(options: ApplyOptions) {
  const { catalog, store, placements, deadLetters, clock, log, metrics } = options;
  const progress = isViewStore(store)
    ? createProgressKeeper({ store, placements, clock, log, metrics })
    : undefined;
  const tell = createApplyMetrics({ metrics, store: store.name, placements, clock });
  return async (event: LogEvent): Promise<ApplySummary> => {
    const records = readLogEvent(event);
    const plan = planApply(catalog, placements, records);
    // First, so that a batch that fails later has told of its poison already.
    if (plan.poison.length > 0) await deadLetters.put(plan.poison);
    const outcomes: PromiseSettledResult<ViewResult>[] = [];
    for (const wave of inWaves(plan.work))
      outcomes.push(
        ...(await Promise.allSettled(
          wave.map(async ({ placement, changes }) => ({
            placement,
            result: await applyTo(options, plan, { placement, changes }),
          })),
        )),
      );
    const failed = outcomes.find((outcome) => outcome.status === 'rejected');
    if (failed !== undefined) {
      tell.waiting(records);
      log.error('the batch comes again', {
        store: store.name,
        records: records.length,
        ...describe(failed.reason),
      });
      throw failed.reason;
    }
    const results = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
    const done = results.map(({ result }) => result);
    await progress?.taken(records);
    const summary = {
      records: records.length,
      changes: plan.changes,
      applied: sum(done.map((outcome) => outcome.applied)),
      stale: sum(done.map((outcome) => outcome.stale)),
      deadLetters: plan.poison.length + sum(done.map((outcome) => outcome.rejected.length)),
      ignored: plan.ignored,
    };
    if (summary.deadLetters > 0)
      log.error('changes became dead letters', {
        store: store.name,
        reasons: [...plan.poison, ...done.flatMap((outcome) => outcome.rejected)]
          .slice(0, 10)
          .map(({ reason }) => reason),
      });
    log.info('applied', { store: store.name, ...summary });
    tell.taken(records, results, plan.poison);
    return summary;
  };
}

interface ViewResult {
  readonly placement: Placement;
  readonly result: ApplyResult;
}

/** Rows first: a rollup is worked out from rows that were written already (DESIGN §4, rule 5). */
function inWaves(work: ApplyPlan['work']): readonly ApplyPlan['work'][] {
  const isRollup = ({ placement }: ApplyPlan['work'][number]): boolean =>
    placement.target.kind === 'keyspaces.rollup';
  return [work.filter((part) => !isRollup(part)), work.filter(isRollup)];
}

/** One view's part, in the store's best size; keys of later parts are other keys, so order is free. */
async function applyTo(
  { store, deadLetters }: ApplyOptions,
  plan: ApplyPlan,
  { placement, changes }: { readonly placement: Placement; readonly changes: readonly Change[] },
): Promise<ApplyResult> {
  const result = await applyInBatches(store, placement, changes);
  const { rejected } = result;
  if (rejected.length > 0)
    await deadLetters.put(rejected.flatMap((rejection) => letterOf(placement, plan, rejection)));
  const refused = new Set(rejected.map(({ change }) => textOf(appliedKey(change))));
  const taken = changes.map(appliedKey).filter((each) => !refused.has(textOf(each)));
  await deadLetters.supersede(scopeOf(placement), taken);
  return result;
}

const appliedKey = ({ key, version }: Change): AppliedKey => ({
  key: keyText(key),
  version: renderVersion(version),
});
const textOf = ({ key, version }: AppliedKey): string => `${version} ${key}`;

function letterOf(
  placement: Placement,
  plan: ApplyPlan,
  { change, reason }: ApplyResult['rejected'][number],
): readonly DeadLetter[] {
  const record = plan.recordOf(change);
  if (record === undefined)
    throw new PolystoreError(
      'internal',
      `a store rejected a change of ${change.entity} that it was not given`,
    );
  return [
    {
      scope: scopeOf(placement),
      key: keyText(change.key),
      version: renderVersion(change.version),
      reason,
      record,
    },
  ];
}

const sum = (counts: readonly number[]): number => counts.reduce((total, count) => total + count, 0);

const describe = (error: unknown): Readonly<Record<string, unknown>> =>
  error instanceof PolystoreError ? { code: error.code, reason: error.message } : { reason: String(error) };
