/** What a row is known by here: a number that each write gives it anew, or that there is none. */
export type State = number | 'absent';

/**
 * What a caller may conclude from the answers that it got. After an acknowledged write a row is as written.
 * After one whose answer was lost it is as before or as written, now or later: it is then left alone.
 */
export interface Ledger {
  /** The states that a row may be in; a row that was never written is absent. */
  possible(id: string): readonly State[];
  acknowledge(id: string, state: State): void;
  /** The write may have happened or not. */
  doubt(id: string, state: State): void;
  /** How many rows there are, and how many writes of each kind of answer. */
  counts(): { readonly rows: number; readonly acknowledged: number; readonly doubtful: number };
  /** Rows that are in no state that the answers allow. */
  findWrong(actual: ReadonlyMap<string, State>): readonly string[];
}

export function createLedger(): Ledger {
  const rows = new Map<string, readonly State[]>();
  let acknowledged = 0;
  let doubtful = 0;
  const possible = (id: string): readonly State[] => rows.get(id) ?? ['absent'];
  return {
    possible,
    acknowledge(id, state) {
      acknowledged += 1;
      rows.set(id, [state]);
    },
    doubt(id, state) {
      doubtful += 1;
      rows.set(id, [...possible(id), state]);
    },
    counts: () => ({ rows: rows.size, acknowledged, doubtful }),
    findWrong: (actual) => [
      ...[...rows]
        .map(([id, allowed]) => ({ id, allowed, found: actual.get(id) ?? ('absent' as const) }))
        .filter(({ allowed, found }) => !allowed.includes(found))
        .map(({ id, allowed, found }) => `${id} is ${found}; the answers allow ${allowed.join(' or ')}`),
      ...[...actual.keys()].filter((id) => !rows.has(id)).map((id) => `${id} was never written`),
    ],
  };
}
