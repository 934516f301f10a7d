import { setTimeout as pause } from 'node:timers/promises';
import { expect } from '@jest/globals';
import type { Deployment } from '../../local/deployment/deployment.ts';
import { expectedViews } from './expected-views.ts';
import { readSources, type Sources } from './read-sources.ts';
import { readViews, type Views } from './read-views.ts';
import { compareRows, countOf, type Difference } from './rows.ts';

/** Views catch up by themselves; when nothing changes for so long, what is left is a difference. */
const standstillMs = 30_000;
const nothing: Difference = { missing: [], extra: [], different: [] };

export interface Comparison {
  readonly sources: Sources;
  readonly views: Views;
  readonly differences: Readonly<Record<string, Difference>>;
}

/** Every view against what its sources say it must hold. */
export async function compare(deployment: Deployment, nowMs: number): Promise<Comparison> {
  const sources = await readSources(deployment);
  const views = await readViews(deployment, nowMs);
  const expected = expectedViews(sources, nowMs);
  // Both have exactly the views' names, by their type.
  const names = Object.keys(expected) as (keyof Views)[];
  const differences = names.map((name) => [name, compareRows(expected[name], views[name])] as const);
  return { sources, views, differences: Object.fromEntries(differences) };
}

/** Compares until nothing differs, or nothing moves any more. */
export async function compareWhenSettled(deployment: Deployment, nowMs: number): Promise<Comparison> {
  let fewest = Number.POSITIVE_INFINITY;
  let movedAt = performance.now();
  for (;;) {
    // What waits for its batch would else be a difference for five minutes.
    await Promise.race([deployment.triggers.flush(), pause(standstillMs)]);
    const comparison = await compare(deployment, nowMs);
    const count = Object.values(comparison.differences).reduce((sum, each) => sum + countOf(each), 0);
    if (count === 0 || performance.now() - movedAt > standstillMs) return comparison;
    if (count < fewest) {
      fewest = count;
      movedAt = performance.now();
    }
    await pause(250);
  }
}

export function expectEqualAndNotEmpty({ sources, views, differences }: Comparison): void {
  expect(differences).toEqual(Object.fromEntries(Object.keys(views).map((name) => [name, nothing])));
  const all = [...Object.entries(sources), ...Object.entries(views)];
  expect(all.filter(([, rows]) => rows.size === 0).map(([name]) => name)).toEqual([]);
}

/** Applies every record on the log to every view again, as if no consumer had ever read it. */
export async function applyWholeLogAgain(deployment: Deployment): Promise<void> {
  const triggers = [...deployment.triggers.changeLog.values()];
  for (const trigger of triggers) await trigger.rewind();
  await untilCaughtUp(deployment);
}

/** Waits until every consumer of the log has applied what was there. */
async function untilCaughtUp(deployment: Deployment): Promise<void> {
  const triggers = [...deployment.triggers.changeLog.values()];
  for (;;) {
    await deployment.triggers.flush();
    const lags = (await Promise.all(triggers.map((trigger) => trigger.lag()))).flat();
    if (lags.every(({ lag }) => lag === 0)) return;
    await pause(100);
  }
}
