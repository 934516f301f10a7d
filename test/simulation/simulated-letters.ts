import type { DeadLetter, DeadLetters } from '../../lambda/sync/dead-letters.ts';
import type { DeployedCode } from './deployed-code.ts';
import type { Process, Scheduler } from './scheduler.ts';

/** Dead letters behind a network. */
export interface SimulatedLetters {
  open(process: Process): DeadLetters;
  readonly letters: Map<string, DeadLetter>;
}

export function createSimulatedLetters(scheduler: Scheduler, code: DeployedCode): SimulatedLetters {
  const letters = new Map<string, DeadLetter>();
  const failure = () =>
    new code.errors.PolystoreError('store_unavailable', 'the dead letters did not answer');
  return {
    letters,
    open: (process) => ({
      put: (put) =>
        scheduler.step(process, {
          label: `keeps ${put.length} letters`,
          failure,
          effect: () => {
            for (const letter of put) letters.set(idOf(letter), letter);
          },
        }),
      count: (scopes) =>
        scheduler.step(process, {
          label: 'counts letters',
          failure,
          effect: () => [...letters.values()].filter(({ scope }) => scopes.includes(scope)).length,
        }),
    }),
  };
}

const idOf = ({ scope, key, version, record }: DeadLetter): string =>
  `${scope} ${key ?? ''} ${version ?? `${record.topic}/${record.partition}/${record.offset}`}`;
