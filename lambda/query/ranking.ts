import { once } from './once.ts';
import type { Candidate, Qualified } from './plan.ts';

/** A placement, or several alike, that may answer a read. */
export interface Prospect {
  /** The least that it costs where it qualifies: it need not be judged while something cheaper answers. */
  readonly atLeast: number;
  /** Whether it qualifies, and why; judged when that is asked first. */
  readonly judged: () => readonly Candidate[];
}

export const prospect = (atLeast: number, judge: () => readonly Candidate[]): Prospect => ({
  atLeast,
  judged: once(judge),
});

/** A candidate, and where its prospect stands among the others: of those that cost the same the first is asked. */
interface Placed {
  readonly candidate: Qualified;
  readonly place: number;
}

/**
 * What can answer a read, cheapest first. Prospects are judged no further than it takes to know which is asked next:
 * of most statements few of them are, and all when somebody asks why.
 */
export class Ranking implements Iterable<Qualified> {
  readonly #prospects: readonly Prospect[];
  /** Places of those that are not judged for their turn yet; the last costs least. */
  readonly #open: number[];
  /** Those that qualify and have no turn yet, in order. */
  readonly #waiting: Placed[] = [];
  readonly #ranked: Qualified[] = [];

  constructor(prospects: readonly Prospect[]) {
    const leastOf = (place: number): number => prospects[place]?.atLeast ?? 0;
    this.#prospects = prospects;
    this.#open = [...prospects.keys()].sort((a, b) => leastOf(b) - leastOf(a));
  }

  /** The one that is asked after so many others; undefined when there is none. */
  at(turn: number): Qualified | undefined {
    while (this.#ranked.length <= turn) {
      this.#judgeUntilCertain();
      const next = this.#waiting.shift();
      if (next === undefined) return undefined;
      this.#ranked.push(next.candidate);
    }
    return this.#ranked[turn];
  }

  *[Symbol.iterator](): Generator<Qualified, undefined> {
    for (let turn = 0; ; turn += 1) {
      const candidate = this.at(turn);
      if (candidate === undefined) return;
      yield candidate;
    }
  }

  /** Every placement, with the reason why or why not, as they were given. */
  considered(): readonly Candidate[] {
    return this.#prospects.flatMap(({ judged }) => judged());
  }

  /** Judges until nothing that is open can come before the first that waits. */
  #judgeUntilCertain(): void {
    for (;;) {
      const place = this.#open.at(-1);
      const next = place === undefined ? undefined : this.#prospects[place];
      const [first] = this.#waiting;
      if (place === undefined || next === undefined) return;
      if (first !== undefined && first.candidate.cost < next.atLeast) return;
      this.#open.pop();
      for (const candidate of next.judged())
        if (candidate.qualifies) this.#waiting.push({ place, candidate });
      this.#waiting.sort((a, b) => a.candidate.cost - b.candidate.cost || a.place - b.place);
    }
  }
}
