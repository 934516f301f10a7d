import type { LocalFunction } from '../../local/functions/index.ts';

/**
 * Two versions of a function as one, while a deployment rolls out: each takes every other invocation, at the
 * same time where several run.
 */
export function takeTurns(...versions: readonly [LocalFunction, LocalFunction]): LocalFunction {
  const [first, second] = versions;
  let turn = 0;
  return {
    name: first.name,
    invoke(event) {
      turn += 1;
      return (turn % 2 === 0 ? first : second).invoke(event);
    },
    async initialised() {
      const [one, other] = await Promise.all([first.initialised(), second.initialised()]);
      return one ?? other;
    },
    status() {
      const [one, other] = [first.status(), second.status()];
      return {
        ...(one.state === 'ready' ? other : one),
        inFlight: one.inFlight + other.inFlight,
        restarts: one.restarts + other.restarts,
        lastError: one.lastError ?? other.lastError,
      };
    },
    kill(signal) {
      first.kill(signal);
      second.kill(signal);
    },
    async close() {
      await Promise.all([first.close(), second.close()]);
    },
  };
}
