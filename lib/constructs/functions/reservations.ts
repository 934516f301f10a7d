import {
  archiveWriter,
  type Catalog,
  type FunctionName,
  type FunctionSpec,
  functionsOf,
} from '../../../lambda/model/index.ts';
import { partitionsOf } from './capacity.ts';

/** What Lambda leaves for functions that reserve nothing (docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html). */
const leastUnreserved = 100;

/** The quota of an account that is no longer new (docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html). */
export const defaultAccountConcurrency = 1_000;

/** People who ask it something while the clock does. */
const peopleAtOnce = 2;

/**
 * Executions that are reserved, and the most there can be, of functions that must neither be crowded out by queries
 * nor crowd them out: a copy for each partition of what applies the log, with those that call the writer of the archive;
 * and a copy for each schedule of what looks after the views, with a few for people; and as many as a function is bounded
 * to, which combines stores. Others reserve nothing: the API bounds what it asks, and the shards of a stream come with the
 * table's partitions.
 */
export function reservationsOf(catalog: Catalog): ReadonlyMap<FunctionName, number> {
  const specs = functionsOf(catalog);
  const upkeep = specs.reduce((sum, spec) => sum + upkeepOf(spec), 0);
  return new Map(
    specs.flatMap((spec): [FunctionName, number][] => {
      const { name, trigger, maximumConcurrency } = spec;
      if (maximumConcurrency !== undefined) return [[name, maximumConcurrency]];
      if (trigger.kind === 'schedules') return [[name, upkeepOf(spec)]];
      if (trigger.kind !== 'change-log') return [];
      return [[name, partitionsOf(trigger.topics, catalog) + (name === archiveWriter ? upkeep : 0)]];
    }),
  );
}

const upkeepOf = ({ trigger }: FunctionSpec): number =>
  trigger.kind === 'schedules' ? trigger.schedules.length + peopleAtOnce : 0;

/** What is to be had of an account that has so many executions at once in the region; undefined if nothing may be reserved. */
export function reservationsWithin(
  catalog: Catalog,
  accountConcurrency: number,
): ReadonlyMap<FunctionName, number> | undefined {
  const reservations = reservationsOf(catalog);
  const total = [...reservations.values()].reduce((sum, each) => sum + each, 0);
  return total + leastUnreserved <= accountConcurrency ? reservations : undefined;
}
