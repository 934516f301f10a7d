import type { Random } from './random.ts';

/**
 * A world in which nothing happens by itself. What the code under test awaits of the outside is a step;
 * whenever everyone waits, one step is picked at random and let happen, alone. So one seed is one order of
 * events, whatever the machine does meanwhile.
 */
export interface Scheduler {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Lets days pass at once. */
  advance(ms: number): void;
  /** Starts a process; `Ended` says how it came out. */
  spawn<T>(options: ProcessOptions, work: (process: Process) => Promise<T>): Started<T>;
  /**
   * Something that a process asks of the outside: the request, what it does there, and the answer, each in
   * its own time. By the rates of its faults a request is lost, or its answer, or it arrives late.
   */
  step<T>(process: Process, request: StepRequest<T>): Promise<T>;
  sleep(process: Process, ms: number): Promise<void>;
  /** Waits for another process, which may be lost on the way. */
  join<T>(process: Process, started: Started<T>): Promise<Ended<T>>;
  /** Lets steps happen until `isDone`. @throws Error when that takes more than `mostSteps`, or nobody can go on. */
  run(isDone: () => boolean, mostSteps: number): Promise<void>;
  /** Whether things fail, and whether what is slow is slow. At first they do. */
  setFaulty(isFaulty: boolean): void;
  /** Whether nothing is left of processes that were lost: neither a zombie nor a request that is on its way. */
  isQuiet(): boolean;
  /** What happened so far, a line a step. */
  readonly trace: readonly string[];
  note(line: string): void;
}

export interface Process {
  readonly name: string;
  /** How likely its steps are picked beside those of others: above 0 to 1. */
  speed: number;
  /** Whether it goes on; what it asked for may still arrive. */
  alive: boolean;
  /** Waiting for steps or for other processes; 0 is thinking. */
  waits: number;
  readonly mayCrash: boolean;
  readonly skewMs: number;
  /** Tells whoever started it that it is lost. */
  lose: () => void;
}
/** What a port acts for: a function is used again for one invocation after the other, each a process. */
export interface Running {
  process: Process;
}
export interface ProcessOptions {
  readonly name: string;
  /** Deployed functions may be abandoned at any step; the world's own machinery is not. */
  readonly mayCrash: boolean;
  /** How far its clock is off, in milliseconds. */
  readonly skewMs?: number;
}
export interface Started<T> {
  readonly process: Process;
  readonly ended: Promise<Ended<T>>;
}
export type Ended<T> =
  | { readonly kind: 'returned'; readonly value: T }
  | { readonly kind: 'threw'; readonly error: unknown }
  /** Crashed, or given up by whoever waited while it goes on as a zombie. */
  | { readonly kind: 'lost' };

export interface StepRequest<T> {
  readonly label: string;
  readonly effect: () => T | Promise<T>;
  /** What the caller is told when the network fails. Absent: this never fails. */
  readonly failure?: () => Error;
}

export interface FaultRates {
  readonly lostRequests: number;
  readonly lostAnswers: number;
  /** The caller is told of a failure, and what it asked for happens later. */
  readonly lateEffects: number;
  readonly crashes: number;
  readonly zombies: number;
  /** Processes that are ten times as slow as others. */
  readonly slow: number;
}

interface Pending {
  readonly process: Process;
  readonly label: string;
  readonly due: number;
  readonly release: () => void | Promise<void>;
  /** Whether it is on its way outside already, where the death of its process does not stop it. */
  readonly sent: boolean;
}

/** What a process waits for longer than this, in milliseconds of the machine, is no step: a defect of the simulation. */
const longestMs = 60_000;

export function createScheduler(options: {
  readonly random: Random;
  readonly faults: FaultRates;
  readonly startMs: number;
}): Scheduler {
  const { random, faults } = options;
  let now = options.startMs;
  let faulty = true;
  let pending: Pending[] = [];
  const thinking = new Set<Process>();
  const zombies = new Set<Process>();
  const trace: string[] = [];
  const note = (line: string): void => {
    trace.push(`${String(trace.length).padStart(5)} ${line}`);
  };
  const hits = (rate: number): boolean => faulty && rate > 0 && random.chance(rate);

  const wait = (process: Process): void => {
    process.waits += 1;
    thinking.delete(process);
  };
  const resume = (process: Process): void => {
    process.waits -= 1;
    if (process.waits === 0 && process.alive) thinking.add(process);
  };
  const kill = (process: Process): void => {
    process.alive = false;
    thinking.delete(process);
    zombies.delete(process);
    // What had been sent arrives or not; what had not is never sent.
    pending = pending.filter((step) => step.process !== process || (step.sent && random.chance(0.5)));
    process.lose();
  };
  /** Whether the process goes on after this. */
  const survives = (process: Process): boolean => {
    if (!process.alive || !process.mayCrash) return process.alive;
    if (hits(faults.crashes)) {
      note(`${process.name} crashes`);
      kill(process);
    } else if (hits(faults.zombies)) {
      note(`${process.name} is given up and goes on`);
      process.speed = 0.03;
      zombies.add(process);
      process.lose();
    }
    return process.alive;
  };
  const answer = (process: Process, label: string, give: () => void): void => {
    if (!process.alive) return;
    pending.push({
      process,
      label: `${label} answers`,
      due: 0,
      sent: false,
      release: () => {
        if (!survives(process)) return;
        resume(process);
        give();
      },
    });
  };

  function step<T>(process: Process, { label, effect, failure }: StepRequest<T>): Promise<T> {
    if (!process.alive) return new Promise(() => {});
    return new Promise<T>((resolve, reject) => {
      wait(process);
      const fail = (): void => {
        if (failure !== undefined) answer(process, `${label} fails`, () => reject(failure()));
      };
      const happen = async (): Promise<{ readonly give: () => void; readonly how: string }> => {
        try {
          const value = await effect();
          return { give: () => resolve(value), how: 'done' };
        } catch (error) {
          return {
            give: () => reject(error),
            how: `refused: ${error instanceof Error ? error.message : error}`,
          };
        }
      };
      pending.push({
        process,
        label,
        due: 0,
        sent: true,
        release: async () => {
          if (process.alive && !survives(process)) return;
          const mayFail = failure !== undefined;
          if (mayFail && hits(faults.lostRequests)) {
            note(`${process.name}: ${label} is lost`);
            fail();
            return;
          }
          if (mayFail && process.alive && hits(faults.lateEffects)) {
            note(`${process.name}: ${label} times out and is on its way`);
            fail();
            const late: Process = {
              ...process,
              name: `late ${process.name}`,
              alive: false,
              speed: 0.05,
              lose: () => {},
            };
            const release = async (): Promise<void> => {
              const { how } = await happen();
              note(`${late.name}: ${label} (${how})`);
            };
            pending.push({ process: late, label, due: 0, sent: true, release });
            return;
          }
          const { give, how } = await happen();
          note(`${process.name}: ${label} (${how})`);
          if (mayFail && hits(faults.lostAnswers)) {
            note(`${process.name}: the answer to ${label} is lost`);
            fail();
          } else answer(process, label, give);
        },
      });
    });
  }

  /** After every promise that could go on has done so, and everyone waits. */
  async function settle(): Promise<void> {
    const untilMs = performance.now() + longestMs;
    for (let turn = 0; ; turn += 1) {
      // A real engine takes its time; what is in memory is done in a few turns.
      await new Promise((resolve) => (turn < 1_000 ? setImmediate(resolve) : setTimeout(resolve, 1)));
      if (thinking.size === 0) return;
      if (performance.now() > untilMs)
        throw new Error(
          `${[...thinking].map(({ name }) => name).join(', ')} waits for something outside the simulation`,
        );
    }
  }

  function take(): Pending {
    let due = pending.filter((step) => step.due <= now);
    if (due.length === 0) {
      if (pending.length === 0) throw new Error('nobody can go on: everyone waits for what never comes');
      now = Math.min(...pending.map((step) => step.due));
      due = pending.filter((step) => step.due <= now);
    }
    let picked = random.pick(due);
    for (let tries = 0; faulty && tries < 30 && !random.chance(picked.process.speed); tries += 1)
      picked = random.pick(due);
    pending.splice(pending.indexOf(picked), 1);
    return picked;
  }

  return {
    now: () => now,
    advance: (ms) => {
      now += ms;
    },
    spawn: ({ name, mayCrash, skewMs = 0 }, work) => {
      const { promise: lost, resolve } = Promise.withResolvers<{ readonly kind: 'lost' }>();
      const speed = hits(faults.slow) ? 0.1 : 1;
      const lose = (): void => resolve({ kind: 'lost' });
      const process: Process = { name, mayCrash, skewMs, speed, lose, alive: true, waits: 0 };
      thinking.add(process);
      const end = <E>(ended: E): E => {
        process.alive = false;
        thinking.delete(process);
        zombies.delete(process);
        return ended;
      };
      const outcome = work(process).then(
        (value) => end({ kind: 'returned', value } as const),
        (error: unknown) => end({ kind: 'threw', error } as const),
      );
      return { process, ended: Promise.race([lost, outcome]) };
    },
    step,
    sleep: (process, ms) => {
      if (!process.alive) return new Promise(() => {});
      return new Promise((wake) => {
        wait(process);
        const release = (): void => {
          if (!survives(process)) return;
          resume(process);
          wake();
        };
        pending.push({ process, label: 'sleeps', due: now + ms, sent: false, release });
      });
    },
    join: async (process, { ended }) => {
      wait(process);
      const outcome = await ended;
      resume(process);
      return outcome;
    },
    run: async (isDone, mostSteps) => {
      await settle();
      for (let steps = 0; !isDone(); steps += 1) {
        if (steps > mostSteps) throw new Error(`it has not ended within ${mostSteps} steps`);
        const next = take();
        now += random.integer(0, 2);
        await next.release();
        await settle();
      }
    },
    setFaulty: (isFaulty) => {
      faulty = isFaulty;
    },
    isQuiet: () => zombies.size === 0 && pending.every(({ process }) => process.alive),
    trace,
    note,
  };
}
