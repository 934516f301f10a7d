/** What is compared in a bench: the same work done in different ways. */
export interface Rival {
  readonly name: string;
  /** Does the work of one round, on things that no other round and no other rival touches. */
  run(round: number): Promise<void>;
}

/** One rival's figures: medians over the rounds, with the least and the most. */
export interface Figures {
  readonly name: string;
  readonly wallMs: Spread;
  /** Processor time of this process, user and system: what a function would be paid for if the engine were far away. */
  readonly cpuMs: Spread;
}

export interface Spread {
  readonly median: number;
  readonly least: number;
  readonly most: number;
}

/**
 * Lets all rivals take turns, in another order each round, so that what else the machine does falls on all of
 * them alike. One more round comes first and is not counted.
 */
export async function interleave(rivals: readonly Rival[], rounds: number): Promise<readonly Figures[]> {
  const samples = rivals.map(() => ({ wallMs: [] as number[], cpuMs: [] as number[] }));
  for (let round = 0; round <= rounds; round += 1) {
    for (let turn = 0; turn < rivals.length; turn += 1) {
      const at = (turn + round) % rivals.length;
      const [rival, sample] = [rivals[at], samples[at]];
      if (rival === undefined || sample === undefined) continue;
      const startedMs = performance.now();
      const startedCpu = process.cpuUsage();
      await rival.run(round);
      const { user, system } = process.cpuUsage(startedCpu);
      if (round === 0) continue;
      sample.wallMs.push(performance.now() - startedMs);
      sample.cpuMs.push((user + system) / 1000);
    }
  }
  return rivals.map(({ name }, at) => ({
    name,
    wallMs: spreadOf(samples[at]?.wallMs ?? []),
    cpuMs: spreadOf(samples[at]?.cpuMs ?? []),
  }));
}

/** @param values at least one. */
function spreadOf(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  const at = (index: number): number => sorted[index] ?? Number.NaN;
  return {
    median: (at(Math.floor(middle)) + at(Math.ceil(middle))) / 2,
    least: at(0),
    most: at(sorted.length - 1),
  };
}
