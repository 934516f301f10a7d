import { setTimeout as pause } from 'node:timers/promises';
import { PolystoreError } from '../../lambda/errors.ts';
import type { Clock } from '../../lambda/stores/store.ts';
import { type ApiOptions, createRequests } from './api-requests.ts';
import { advance, openCheckpoint, type Pass, planPasses } from './checkpoint.ts';
import { type DataSet, openDataSet } from './data-set.ts';
import { createFrontDoor } from './front-door.ts';
import { loadReference } from './load-reference.ts';
import { loadSteps, type StepOutcome } from './load-steps.ts';
import { createPace, isSpeed, speedLimits } from './pace.ts';
import { createMeter, type LoadReport } from './progress.ts';
import type { Step } from './step.ts';
import { timeline } from './timeline.ts';

export interface LoaderOptions {
  readonly api: ApiOptions;
  /** The folder with airlines.csv, airports.csv, planes.csv, flights.csv and weather.csv. */
  readonly dataDir: string;
  /** The checkpoint; it keeps the days of each `asOf` apart. One loader at a time may use it. */
  readonly stateFile: string;
  /** The day (`YYYY-MM-DD`) that the data set's 2013-01-01 is moved to. */
  readonly asOf: string;
  /** How many of the data set's days (New York dates) to load, from `fromDay` on; those done already count. */
  readonly days: number | 'all';
  /** @default 1, which is 2013-01-01 */
  readonly fromDay?: number;
  /**
   * Replays event time at so many times real time, 0.001 to 1,000,000. The first step
   * that is left is sent at once. @default as fast as it goes
   */
  readonly speed?: number | undefined;
  /** @default 16 requests in flight */
  readonly concurrency?: number;
  /** Steps between two checkpoints, at most 500. @default 500 */
  readonly chunkSteps?: number;
  /** Called at most twice a second and at every change of phase. @default nobody is told */
  readonly onProgress?: (report: LoadReport) => void;
  /** Stops the load at once; it goes on from its last checkpoint when run again. */
  readonly signal: AbortSignal;
  readonly clock: Clock;
  /** From 0 to below 1; spreads retries. @default Math.random */
  readonly random?: () => number;
  /** @default a timer */
  readonly sleep?: (ms: number, signal: AbortSignal) => Promise<void>;
}

/** What one run did; rows and steps that an earlier run is known to have done are in none of the counts. */
export interface LoadSummary {
  /** `stopped`: the signal came before the end. */
  readonly outcome: 'finished' | 'stopped';
  readonly referenceRows: Readonly<Record<'created' | 'found', number>>;
  readonly flightSteps: Readonly<Record<StepOutcome, number>>;
  readonly eventsPosted: number;
  readonly readingsPosted: number;
  readonly requests: number;
  readonly retries: number;
  readonly elapsedMs: number;
  /** With a speed: how long after its time the latest step was sent; otherwise undefined. */
  readonly mostBehindMs: number | undefined;
}

export interface Loader {
  /**
   * Loads what is left of the wanted days.
   * @throws PolystoreError with the API's code when it refuses a command for good, `store_unavailable`
   * when it does not answer for 5 minutes, `setup_failed` for a damaged file. A later run goes on.
   */
  run(): Promise<LoadSummary>;
}

/**
 * Loads the data set through the front door: reference data, then every flight's steps and every reading
 * of the weather in event-time order.
 */
export function createLoader(options: LoaderOptions): Loader {
  requireSettings(options);
  return { run: () => run(options) };
}

async function run(options: LoaderOptions): Promise<LoadSummary> {
  const { asOf, signal, clock, speed, concurrency = 16, chunkSteps = 500 } = options;
  const sleep = options.sleep ?? ((ms, stop) => pause(ms, undefined, { signal: stop }));
  const startedMs = clock();
  const dataSet = await openDataSet({ dataDir: options.dataDir, asOf });
  const checkpoint = await openCheckpoint(options.stateFile, asOf);
  let progress = checkpoint.progress;
  const save = (next: typeof progress): Promise<void> => {
    progress = next;
    return checkpoint.save(next);
  };

  const wanted = chooseDays(dataSet.days, options);
  const flightsOn = (days: readonly number[]): number =>
    days.reduce((total, day) => total + dataSet.flightCount(day), 0);
  const meter = createMeter({
    clock,
    daysTotal: wanted.length,
    flightsTotal: flightsOn(wanted),
    speed,
    onProgress: options.onProgress ?? (() => {}),
  });
  meter.daysDone(flightsOn(wanted.filter((day) => progress.finishedDays.includes(day))));

  const referenceRows = { created: 0, found: 0 };
  const flightSteps = { created: 0, found: 0, updated: 0, skipped: 0, missing: 0 };
  let eventsPosted = 0;
  let readingsPosted = 0;
  let mostBehindMs = speed === undefined ? undefined : 0;
  const requests = { done: 0, retried: 0 };
  const summarise = (outcome: LoadSummary['outcome']): LoadSummary => ({
    outcome,
    referenceRows,
    flightSteps,
    eventsPosted,
    readingsPosted,
    requests: requests.done,
    retries: requests.retried,
    elapsedMs: clock() - startedMs,
    mostBehindMs,
  });

  const door = createFrontDoor(
    createRequests({
      api: options.api,
      signal,
      clock,
      sleep,
      random: options.random ?? Math.random,
      onRequest: (outcome) => {
        requests[outcome] += 1;
        if (outcome === 'done') meter.commandDone();
      },
    }),
  );

  const paceOf = (times: number) =>
    createPace({
      speed: times,
      clock,
      sleep: (ms) => sleep(ms, signal),
      endMs: endOf(wanted, dataSet),
      onSend: (sent) => {
        mostBehindMs = Math.max(mostBehindMs ?? 0, sent.behindMs);
        meter.sentOnPace(sent);
      },
    });

  const runPass = async (pass: Pass): Promise<void> => {
    const { days, after } = pass;
    /** Of each day: the flights that are not in their last state, and the readings not posted. */
    const left = new Map(
      days.map((day) => [day, dataSet.flightCount(day) + dataSet.readingCount(day)] as const),
    );
    const oneLess = ({ day }: Step): unknown => left.set(day, (left.get(day) ?? 0) - 1);
    await loadSteps({
      door,
      steps: timeline({ days, stepsOf: (day) => stepsOf(dataSet, day), plannedAtMs: dataSet.plannedAtMs }),
      after,
      // Each pass by a clock of its own: the next one may begin at an earlier event time.
      pace: speed === undefined ? undefined : paceOf(speed),
      chunkSteps,
      concurrency,
      onStep: (step, outcome) => {
        if (step.isLast) oneLess(step);
        if (outcome === 'done before') return meter.stepFound(step);
        flightSteps[outcome] += 1;
        meter.stepDone(step);
      },
      onEvents: (count) => {
        eventsPosted += count;
      },
      onReading: (reading, outcome) => {
        oneLess(reading);
        if (outcome === 'posted') readingsPosted += 1;
      },
      onCheckpoint: (position) =>
        save(advance(progress, { pass, hasEnded: (day) => left.get(day) === 0, position })),
    });
  };

  try {
    if (!progress.reference) {
      meter.enter('reference');
      await loadReference({
        door,
        reference: dataSet.reference,
        concurrency,
        onRow: (outcome) => {
          referenceRows[outcome] += 1;
        },
      });
      await save({ ...progress, reference: true });
    }
    meter.enter('flights');
    for (const pass of planPasses(progress, wanted)) await runPass(pass);
  } catch (error) {
    // Asked to stop, requests fail with whatever they were doing; what is done is in the checkpoint.
    if (signal.aborted && (error === signal.reason || !(error instanceof PolystoreError)))
      return summarise('stopped');
    throw error;
  }
  meter.enter('finished');
  return summarise('finished');
}

/** When the last of the wanted days ends, epoch ms, shifted; its late flights come after. */
const endOf = (wanted: readonly number[], dataSet: DataSet): number =>
  dataSet.plannedAtMs((wanted.at(-1) ?? 0) + 1);

/** Everything that happens to a day's flights, and its weather. */
const stepsOf = async (dataSet: DataSet, day: number): Promise<readonly Step[]> => [
  ...(await dataSet.storiesOf(day)).flat(),
  ...(await dataSet.readingsOf(day)),
];

function chooseDays(
  days: readonly number[],
  { days: wanted, fromDay = 1 }: LoaderOptions,
): readonly number[] {
  const last = wanted === 'all' ? Number.POSITIVE_INFINITY : fromDay + wanted - 1;
  return days.filter((day) => day >= fromDay && day <= last);
}

function requireSettings(options: LoaderOptions): void {
  const { days, fromDay = 1, concurrency = 16, chunkSteps = 500, speed } = options;
  const isCount = (value: number, most: number): boolean =>
    Number.isInteger(value) && value >= 1 && value <= most;
  const problems = [
    ...(days === 'all' || isCount(days, 365) ? [] : [`days got ${days}; it takes 1 to 365, or all`]),
    ...(isCount(fromDay, 365) ? [] : [`fromDay got ${fromDay}; it takes 1 to 365`]),
    ...(isCount(concurrency, 256) ? [] : [`concurrency got ${concurrency}; it takes 1 to 256`]),
    ...(speed === undefined || isSpeed(speed)
      ? []
      : [`speed got ${speed}; it takes ${speedLimits.least} to ${speedLimits.most}, and 1 is real time`]),
    ...(isCount(chunkSteps, 500) ? [] : [`chunkSteps got ${chunkSteps}; it takes 1 to 500`]),
  ];
  if (problems.length > 0) throw new PolystoreError('invalid_request', problems.join('; '));
}
