import type { TriggerNotice } from './trigger.ts';

/**
 * Tells of an outage once, whatever number of partitions it hits: of the first thing that fails, and of
 * the end, with how many had failed. What is no retry passes as it is.
 *
 * @param name whose notices these are; the end is told in its name
 */
export function gatherOutages(
  name: string,
  tell: (notice: TriggerNotice) => void,
): (notice: TriggerNotice) => void {
  let failing = 0;
  let failed = 0;
  return (notice) => {
    switch (notice.retry) {
      case undefined:
        return tell(notice);
      case 'begins':
        failing += 1;
        failed += 1;
        return failed === 1 ? tell(notice) : undefined;
      case 'goes on':
        return undefined;
      case 'over':
        failing -= 1;
        if (failing > 0) return undefined;
        if (failed > 1) {
          const message = `nothing fails any more; ${failed} reads and batches had failed`;
          tell({ level: 'info', trigger: name, message });
        }
        failed = 0;
        return undefined;
    }
  };
}
