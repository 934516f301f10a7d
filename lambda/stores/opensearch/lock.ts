import { PolystoreError } from '../../errors.ts';
import type { Clock } from '../store.ts';
import type { State } from './state.ts';

/** Does some work while nobody else does any under the same name. */
export type Lock = <T>(work: () => Promise<T>) => Promise<T>;

/** A process that was killed leaves its turn; work of this kind takes a second or two. */
const leftAfterMs = 60_000;
const attempts = 50;
const waitMs = 200;

/**
 * A turn that is taken by writing a document, for work that has to be done by one process at a time.
 *
 * @throws PolystoreError `contended` when others have their turns all the time.
 */
export function createLock(options: {
  readonly state: State;
  readonly name: string;
  readonly clock: Clock;
  readonly sleep: (milliseconds: number) => Promise<unknown>;
}): Lock {
  const { state, name, clock, sleep } = options;
  const id = `turn ${name}`;
  const take = async (): Promise<boolean> => {
    const [document] = await state.read([id]);
    const until = Number(document?.source.until ?? 0);
    return until > clock() ? false : state.put(id, { until: clock() + leftAfterMs }, document?.held);
  };
  return async (work) => {
    for (let attempt = 1; !(await take()); attempt += 1) {
      if (attempt === attempts)
        throw new PolystoreError(
          'contended',
          `Others repair ${name} to lower versions all the time. Try again, or look who does.`,
        );
      await sleep(waitMs);
    }
    try {
      return await work();
    } finally {
      const [document] = await state.read([id]);
      await state.put(id, { until: 0 }, document?.held);
    }
  };
}
