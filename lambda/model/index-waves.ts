import type { DynamodbTable } from './catalog.ts';
import { dynamodbLimits } from './limits.ts';

export type GlobalIndex = DynamodbTable['globalIndexes'][number];

/**
 * One wave. `make` and `remove` change the table, one index at a time, which is all that DynamoDB does in an
 * update; `use` and `leave` change what queries plan with. They are waves of their own since the table is
 * deployed before the functions: between two waves queries use only what is there in both.
 */
export interface IndexStep {
  readonly kind: 'make' | 'use' | 'leave' | 'remove';
  readonly index: GlobalIndex;
}

/** How the global indexes of a model came to be. A deployment at wave n has taken the first n steps. */
export interface IndexWaves {
  /** With what the table was made first. */
  readonly created: readonly GlobalIndex[];
  readonly steps: readonly IndexStep[];
}

/** What a deployment has. */
export interface IndexesAtWave {
  /** In the table. */
  readonly made: readonly GlobalIndex[];
  /** Names of those that queries plan with; all of them are in the table, and filled. */
  readonly used: readonly string[];
}

/** A table that is made with a whole history behind it has all of its indexes at once. */
export const wavesOf = (indexes: readonly GlobalIndex[]): IndexWaves => ({ created: indexes, steps: [] });

/** @param wave 0 to the number of steps */
export function indexesAt({ created, steps }: IndexWaves, wave: number): IndexesAtWave {
  const made = new Map(created.map((index) => [index.name, index]));
  const used = new Set(made.keys());
  for (const { kind, index } of steps.slice(0, wave)) {
    if (kind === 'make') made.set(index.name, index);
    else if (kind === 'remove') made.delete(index.name);
    else if (kind === 'use') used.add(index.name);
    else used.delete(index.name);
  }
  return {
    made: [...made.values()].sort((a, b) => (a.name < b.name ? -1 : 1)),
    used: [...used].sort(),
  };
}

/** Adds the waves by which the last ones' indexes become those that a model asks for. */
export function extendWaves(waves: IndexWaves, wanted: readonly GlobalIndex[]): IndexWaves {
  const { made } = indexesAt(waves, waves.steps.length);
  return { ...waves, steps: [...waves.steps, ...planSteps(made, wanted)] };
}

/** What is new is made first, so that queries have one or the other, until the table takes no more. */
function planSteps(from: readonly GlobalIndex[], to: readonly GlobalIndex[]): readonly IndexStep[] {
  const waiting = { made: notIn(to, from), removed: notIn(from, to) };
  const steps: IndexStep[] = [];
  let count = from.length;
  const names = new Set(from.map(({ name }) => name));
  while (waiting.made.length + waiting.removed.length > 0) {
    // One of the same name that is another has to be gone first.
    const next = waiting.made.find(({ name }) => !names.has(name));
    if (next !== undefined && count < dynamodbLimits.globalIndexes) {
      steps.push({ kind: 'make', index: next }, { kind: 'use', index: next });
      waiting.made = waiting.made.filter((index) => index !== next);
      names.add(next.name);
      count += 1;
      continue;
    }
    const [last] = waiting.removed;
    if (last === undefined) break;
    steps.push({ kind: 'leave', index: last }, { kind: 'remove', index: last });
    waiting.removed = waiting.removed.slice(1);
    names.delete(last.name);
    count -= 1;
  }
  return steps;
}

const notIn = (indexes: readonly GlobalIndex[], others: readonly GlobalIndex[]): readonly GlobalIndex[] => {
  const known = new Set(others.map(textOf));
  return indexes.filter((index) => !known.has(textOf(index)));
};
const textOf = (index: GlobalIndex): string => JSON.stringify(Object.entries(index).sort());

/** Whether two indexes have the same name, keys and projection. */
export const isSameIndex = (a: GlobalIndex, b: GlobalIndex): boolean => textOf(a) === textOf(b);

/** Whether the last wave has just the indexes that a model asks for. */
export const areCurrent = (waves: IndexWaves, wanted: readonly GlobalIndex[]): boolean =>
  extendWaves(waves, wanted).steps.length === waves.steps.length;
