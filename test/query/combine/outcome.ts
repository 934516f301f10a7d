import { expect } from '@jest/globals';
import { PolystoreError } from '../../../lambda/errors.ts';
import type { Answer } from '../../../lambda/query/answer.ts';
import { Unrecognised } from '../../../lambda/query/unrecognised.ts';

/** What came of a statement. */
export type Outcome = { readonly answer: Answer } | { readonly code: string; readonly message: string };

export const outcomeOf = async (work: Promise<Answer>): Promise<Outcome> =>
  work.then(
    (answer) => ({ answer }),
    (error: unknown) => {
      if (error instanceof PolystoreError) return { code: error.code, message: error.message };
      if (error instanceof Unrecognised) return { code: 'not_supported', message: error.message };
      throw error;
    },
  );

/** What two answers do not share, a little of it; undefined where they are the same. */
function contrast(right: Answer, ours: Answer, isOrdered: boolean) {
  const [a, b] = [linesOf(right, isOrdered), linesOf(ours, isOrdered)];
  if (a.length === b.length && a.every((line, index) => line === b[index])) return undefined;
  const rest = (of: readonly string[], without: readonly string[]): readonly string[] => {
    const left = [...of];
    for (const line of without) {
      const at = left.indexOf(line);
      if (at >= 0) left.splice(at, 1);
    }
    return left.slice(0, 4);
  };
  return { counts: [a.length - 1, b.length - 1], postgres: rest(a, b), ours: rest(b, a) };
}

function linesOf({ columns, rows }: Answer, isOrdered: boolean): readonly string[] {
  const lines = rows.map((row) => JSON.stringify(columns.map(({ name }) => row[name])));
  return [JSON.stringify(columns), ...(isOrdered ? lines : lines.sort())];
}

interface Compared {
  readonly seed: number;
  readonly sql: string;
  readonly isOrdered: boolean;
  readonly right: Outcome;
  readonly ours: Outcome;
  /** Why it was refused until a scan was allowed, which `ours` then is of. */
  readonly unscanned?: string | undefined;
}

/** How a statement went. */
export type Verdict = 'answered' | 'answered by a scan' | 'refused' | 'failed in both' | 'different';

/** Of more rows than may be read a scan is refused although it was allowed. */
const refusing: ReadonlySet<string> = new Set(['not_supported', 'scan_refused']);

/** Counts how statements went, and keeps those that went otherwise than in PostgreSQL. */
export function createTally() {
  const differences: string[] = [];
  const refusals = new Map<string, number>();
  const counts = { all: 0, answered: 0, failed: 0, refused: 0 };
  return {
    add: ({ seed, sql, isOrdered, right, ours, unscanned }: Compared): Verdict => {
      counts.all += 1;
      const refuse = (why: string): void => {
        counts.refused += 1;
        refusals.set(why, (refusals.get(why) ?? 0) + 1);
      };
      if ('code' in ours && refusing.has(ours.code)) {
        refuse(ours.message);
        return 'refused';
      }
      if ('answer' in right && 'answer' in ours) {
        const difference = contrast(right.answer, ours.answer, isOrdered);
        if (difference === undefined) {
          if (unscanned === undefined) {
            counts.answered += 1;
            return 'answered';
          }
          // Nobody is answered so who has not allowed it.
          refuse(unscanned);
          return 'answered by a scan';
        }
        differences.push(JSON.stringify({ seed, sql, ...difference }));
        return 'different';
      }
      if ('code' in right && 'code' in ours) {
        counts.failed += 1;
        return 'failed in both';
      }
      const said = (one: Outcome): string => ('code' in one ? `${one.code}: ${one.message}` : 'answers');
      differences.push(JSON.stringify({ seed, sql, right: said(right), ours: said(ours) }));
      return 'different';
    },
    /** No difference, fewer than a tenth refused, and few that both refuse, which prove nothing. */
    expectAlike: (): void => {
      const why = [...refusals].sort(([, a], [, b]) => b - a).slice(0, 10);
      expect({ differences: differences.slice(0, 12) }).toEqual({ differences: [] });
      expect({ ...counts, why: counts.refused < counts.all / 10 ? [] : why }).toEqual({ ...counts, why: [] });
      expect(counts.failed).toBeLessThan(counts.all / 10);
    },
  };
}
