import { createRandom } from './random.ts';
import type { FaultRates } from './scheduler.ts';

/** What a run does and what goes wrong in it. Each seed has some kinds of faults and not others, so that none hides another. */
export interface Settings {
  readonly seed: number;
  /** Traffic, then silence in which everything is caught up with and compared; days may pass in between. */
  readonly rounds: number;
  /** Writes of each application in a round. */
  readonly writes: number;
  /** Applications that write each source. */
  readonly writers: number;
  /** How likely the clock of an application is off by so much that its writes must be refused. */
  readonly wrongClocks: number;
  readonly faults: FaultRates;
  /** The generation that captures begin with. A high one takes digits that numbers of 53 bits do not have. */
  readonly generation: number;
  readonly firstLsn: bigint;
  readonly events: EventRates;
}
/** How likely each of these happens at a turn of the world's own. */
export interface EventRates {
  readonly partitionAdded: number;
  readonly shardSplit: number;
  readonly logAppliedAgain: number;
  readonly storeDown: number;
  readonly poison: number;
  readonly itemRemoved: number;
  readonly secondsPass: number;
  readonly hoursPass: number;
  readonly sourceRestored: number;
  readonly daysPass: number;
  /** Backfills, rebuilds, comparisons and the rest of what `project` does, beside traffic. */
  readonly job: number;
}

export function settingsOf(seed: number): Settings {
  const random = createRandom(seed, 'settings');
  /** Absent in half of the seeds. */
  const sometimes = (most: number): number => (random.chance(0.5) ? random.fraction() * most : 0);
  return {
    seed,
    rounds: random.integer(1, 2),
    writes: random.integer(3, 20),
    writers: random.integer(1, 3),
    wrongClocks: sometimes(0.6),
    generation: random.pick([0, 1, random.integer(2, 100)]),
    firstLsn: BigInt(random.pick([8, 800, random.integer(1, 1_000_000)])) * 8n,
    faults: {
      lostRequests: sometimes(0.1),
      lostAnswers: sometimes(0.1),
      lateEffects: sometimes(0.08),
      crashes: sometimes(0.03),
      zombies: sometimes(0.03),
      slow: sometimes(0.5),
    },
    events: {
      partitionAdded: sometimes(0.2),
      shardSplit: sometimes(0.2),
      logAppliedAgain: sometimes(0.2),
      storeDown: sometimes(0.2),
      poison: sometimes(0.3),
      itemRemoved: sometimes(0.6),
      secondsPass: sometimes(0.4),
      hoursPass: sometimes(0.2),
      job: sometimes(0.6),
      sourceRestored: random.pick([0, 0, 1]),
      daysPass: random.pick([0, 1]),
    },
  };
}
