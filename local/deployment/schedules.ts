import type { FunctionSpec } from '../../lambda/model/index.ts';
import type { LocalFunction } from '../functions/index.ts';

export interface Schedules {
  /** Begins nothing more, and waits for what runs. */
  stop(): Promise<void>;
}

export interface ScheduleOptions {
  readonly specs: readonly FunctionSpec[];
  readonly functions: ReadonlyMap<string, LocalFunction>;
  /** Resolves when all that the functions talk to serves. */
  readonly begun: Promise<unknown>;
}

/**
 * Invokes functions by the clock, as EventBridge's rules do on AWS: first after one interval, and not again while the
 * time before still runs. What a function answers nobody hears; it logs what went wrong.
 */
export function startSchedules({ specs, functions, begun }: ScheduleOptions): Schedules {
  const timers: NodeJS.Timeout[] = [];
  const running = new Set<Promise<unknown>>();
  let stopped = false;
  const start = (): void => {
    for (const { name, trigger } of specs) {
      const target = functions.get(name);
      if (stopped || trigger.kind !== 'schedules' || target === undefined) continue;
      for (const { everyMinutes, input } of trigger.schedules) {
        let busy = false;
        const invoke = async (): Promise<void> => {
          if (busy || stopped) return;
          busy = true;
          const call = target.invoke(input);
          running.add(call);
          await call.catch(() => undefined);
          running.delete(call);
          busy = false;
        };
        // Node keeps a timer for 24.8 days at most, and ours are a week at most.
        timers.push(setInterval(() => void invoke(), everyMinutes * 60_000).unref());
      }
    }
  };
  // A start that fails is told by whoever waits for it.
  begun.then(start, () => undefined);
  return {
    async stop() {
      stopped = true;
      for (const timer of timers) clearInterval(timer);
      await Promise.allSettled(running);
    },
  };
}
