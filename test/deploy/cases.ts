/** What a run of cases came to. */
export interface Counts {
  readonly passed: number;
  readonly failed: number;
}

export interface Cases {
  /** Runs a case to its end and counts it; what it throws is told and not thrown. */
  check(sentence: string, run: () => Promise<void>): Promise<void>;
  /**
   * The same for a case that those after it stand on.
   * @throws NotGoingOn when it fails.
   */
  require<T>(sentence: string, run: () => Promise<T>): Promise<T>;
  counts(): Counts;
}

/** Ends the cases that stand on one that failed; what failed was told already. */
export class NotGoingOn extends Error {}

/** Cases that run in the order in which they stand, each told in a line when it ends. */
export function createCases(tell: (line: string) => void): Cases {
  let passed = 0;
  let failed = 0;
  const run = async <T>(sentence: string, body: () => Promise<T>): Promise<T> => {
    const begun = performance.now();
    const seconds = (): string => `${((performance.now() - begun) / 1000).toFixed(1)} s`;
    try {
      const result = await body();
      passed += 1;
      tell(`  ✓ ${sentence} (${seconds()})`);
      return result;
    } catch (error) {
      failed += 1;
      tell(`  ✗ ${sentence} (${seconds()})`);
      const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
      tell(text.replaceAll(/^/gm, '    '));
      throw new NotGoingOn(sentence, { cause: error });
    }
  };
  return {
    check: async (sentence, body) => {
      await run(sentence, body).catch(() => undefined);
    },
    require: run,
    counts: () => ({ passed, failed }),
  };
}
