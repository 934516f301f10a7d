import type { Clock } from '../../lambda/stores/store.ts';
import type { SentOnPace } from './pace.ts';
import type { FlightStep } from './step.ts';

export type LoadPhase = 'reference' | 'flights' | 'finished';

export interface LoadReport {
  readonly phase: LoadPhase;
  /** The latest data day whose flights are being created, counted from 1. */
  readonly day: number;
  readonly daysTotal: number;
  /** Flights in their last state. */
  readonly flightsDone: number;
  readonly flightsTotal: number;
  /** Requests answered in the last minute, per second. */
  readonly commandsPerSecond: number;
  /** When it will be finished, at its speed or at the rate of the last minute; undefined while that is unknown. */
  readonly etaIso: string | undefined;
  /** Of a replay: how many times real time, and how long after its time the last step was sent. */
  readonly replay: { readonly speed: number; readonly behindMs: number } | undefined;
}

export interface Meter {
  enter(phase: LoadPhase): void;
  /** Days that an earlier run finished. */
  daysDone(flights: number): void;
  /** A step done by an earlier run: progress, but no rate. */
  stepFound(step: FlightStep): void;
  stepDone(step: FlightStep): void;
  commandDone(): void;
  /** Steps of a replay are being sent. */
  sentOnPace(sent: SentOnPace): void;
}

/** A flight's steps together weigh 3, whether there are two of them or three. */
const flightWeight = 3;
const weightOf = ({ kind, isLast }: FlightStep): number =>
  kind === 'cancelled' || (kind === 'departed' && isLast) ? 2 : 1;

const windowMs = 60_000;
const reportEveryMs = 500;

interface Sample {
  readonly atMs: number;
  readonly work: number;
  readonly commands: number;
}

/** Counts, and reports at most twice a second and at every change of phase. */
export function createMeter(options: {
  readonly clock: Clock;
  readonly daysTotal: number;
  readonly flightsTotal: number;
  /** Of a replay: how many times real time. */
  readonly speed: number | undefined;
  readonly onProgress: (report: LoadReport) => void;
}): Meter {
  const { clock, daysTotal, flightsTotal, speed, onProgress } = options;
  let phase: LoadPhase = 'reference';
  let day = 0;
  let paced: SentOnPace | undefined;
  let flightsDone = 0;
  /** Work of earlier runs and of this one, in weights. */
  let foundWork = 0;
  let ownWork = 0;
  let commands = 0;
  let reportedMs = Number.NEGATIVE_INFINITY;
  let samples: readonly Sample[] = [{ atMs: clock(), work: 0, commands: 0 }];

  const report = (nowMs: number): void => {
    const first = samples[0] ?? { atMs: nowMs, work: ownWork, commands };
    const seconds = (nowMs - first.atMs) / 1000;
    const workPerSecond = seconds > 0 ? (ownWork - first.work) / seconds : 0;
    const left = flightsTotal * flightWeight - foundWork - ownWork;
    const doneMs =
      speed === undefined ? nowMs + (left / workPerSecond) * 1000 : (paced?.doneMs ?? Number.NaN);
    onProgress({
      phase,
      day,
      daysTotal,
      flightsDone,
      flightsTotal,
      commandsPerSecond: seconds > 0 ? (commands - first.commands) / seconds : 0,
      etaIso: Number.isFinite(doneMs) ? new Date(doneMs).toISOString() : undefined,
      replay: speed === undefined ? undefined : { speed, behindMs: paced?.behindMs ?? 0 },
    });
    samples = [
      ...samples.filter(({ atMs }) => atMs > nowMs - windowMs),
      { atMs: nowMs, work: ownWork, commands },
    ];
    reportedMs = nowMs;
  };
  const reportIfDue = (): void => {
    const nowMs = clock();
    if (nowMs - reportedMs >= reportEveryMs) report(nowMs);
  };
  const count = (step: FlightStep): void => {
    day = Math.max(day, step.day);
    if (step.isLast) flightsDone += 1;
  };

  return {
    enter: (next) => {
      phase = next;
      report(clock());
    },
    daysDone: (flights) => {
      flightsDone += flights;
      foundWork += flights * flightWeight;
    },
    stepFound: (step) => {
      count(step);
      foundWork += weightOf(step);
    },
    stepDone: (step) => {
      count(step);
      ownWork += weightOf(step);
      reportIfDue();
    },
    commandDone: () => {
      commands += 1;
      reportIfDue();
    },
    sentOnPace: (sent) => {
      paced = sent;
      reportIfDue();
    },
  };
}
