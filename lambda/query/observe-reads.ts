import { PolystoreError } from '../errors.ts';
import type { Answer } from './answer.ts';
import type { Timer } from './timer.ts';

/** What became of the reads of one placement. */
export interface ObservedReads {
  readonly placement: string;
  readonly reads: number;
  readonly failed: number;
  readonly rows: number;
  /** Of the rows as JSON. */
  readonly bytes: number;
  /** Of the longest of them, in milliseconds. */
  readonly longestMs: number;
}

/** Watches reads, and adds them up by placement in the order in which these were asked first. */
export interface ReadObserver {
  watch(placement: string, read: () => Promise<Answer>): Promise<Answer>;
  observed(): readonly ObservedReads[];
}

export function createReadObserver({ clock }: Pick<Timer, 'clock'>): ReadObserver {
  const totals = new Map<string, ObservedReads>();
  const add = (placement: string, more: Omit<ObservedReads, 'placement' | 'reads'>): void => {
    const before = totals.get(placement);
    totals.set(placement, {
      placement,
      reads: (before?.reads ?? 0) + 1,
      failed: (before?.failed ?? 0) + more.failed,
      rows: (before?.rows ?? 0) + more.rows,
      bytes: (before?.bytes ?? 0) + more.bytes,
      longestMs: Math.max(before?.longestMs ?? 0, more.longestMs),
    });
  };
  return {
    watch: async (placement, read) => {
      const begunMs = clock();
      try {
        const answer = await read();
        const bytes = Buffer.byteLength(JSON.stringify(answer.rows));
        add(placement, { failed: 0, rows: answer.rowCount, bytes, longestMs: clock() - begunMs });
        return answer;
      } catch (error) {
        if (error instanceof PolystoreError)
          add(placement, { failed: 1, rows: 0, bytes: 0, longestMs: clock() - begunMs });
        throw error;
      }
    },
    observed: () => [...totals.values()],
  };
}
