import { type Pace, unpaced } from './pace.ts';
import { type FlightStep, type Reading, rankOf, type Step } from './step.ts';

/** A place in the order of all steps; JSON, for the checkpoint. */
export interface Position {
  readonly atMs: number;
  readonly rank: number;
  readonly id: string;
}

export const positionOfStep = ({ atMs, kind, id }: Step): Position => ({
  atMs,
  rank: kind === 'reading' ? -1 : rankOf[kind],
  id,
});

/**
 * Event time; at the same instant readings before creations before departures before ends, then by id.
 * A total order.
 */
export function comparePositions(a: Position, b: Position): number {
  if (a.atMs !== b.atMs) return a.atMs - b.atMs;
  if (a.rank !== b.rank) return a.rank - b.rank;
  return a.id < b.id ? -1 : a.id > b.id ? 1 : 0;
}

export interface TimelineOptions {
  /** Data days, ascending. */
  readonly days: readonly number[];
  /** All steps of a day's flights and its readings, in any order. */
  readonly stepsOf: (day: number) => Promise<readonly Step[]>;
  /** No step of a day comes before this. */
  readonly plannedAtMs: (day: number) => number;
}

/**
 * The steps of the given days in event-time order, day by day: in memory are one day's steps and what
 * earlier flights have yet to do when the day begins (a flight is at most 22 hours late, so that is
 * little). What comes before the next day begins is given out. The last day's late flights are followed
 * to their end.
 */
export async function* timeline(options: TimelineOptions): AsyncGenerator<Step> {
  const { days, stepsOf, plannedAtMs } = options;
  let pending: readonly Step[] = [];
  for (const [index, day] of days.entries()) {
    const steps = [...pending, ...(await stepsOf(day))].sort((a, b) =>
      comparePositions(positionOfStep(a), positionOfStep(b)),
    );
    const next = days[index + 1];
    const untilMs = next === undefined ? Number.POSITIVE_INFINITY : plannedAtMs(next);
    pending = steps.filter(({ atMs }) => atMs >= untilMs);
    for (const step of steps) {
      if (step.atMs >= untilMs) break;
      yield step;
    }
  }
}

/** Leaves out the steps up to a position, this one included, and tells of each. */
export async function* stepsAfter(
  steps: AsyncIterable<Step>,
  position: Position | undefined,
  onLeftOut: (step: Step) => void,
): AsyncGenerator<Step> {
  for await (const step of steps) {
    if (position !== undefined && comparePositions(positionOfStep(step), position) <= 0) onLeftOut(step);
    else yield step;
  }
}

/** A stretch of the timeline that is carried out before the next one begins. */
export interface Chunk {
  /** What becomes of the flights in it. */
  readonly kind: 'creations' | 'changes';
  readonly flights: readonly FlightStep[];
  readonly readings: readonly Reading[];
  readonly end: Position;
}

/**
 * Cuts the timeline into chunks of at most `size` steps. Creations and changes are never in one;
 * readings are in any. With a pace a chunk holds what is due when it is given, and is given when its
 * first step is due, or as soon after as the chunk before it is done.
 */
export async function* chunksOf(
  steps: AsyncIterable<Step>,
  size: number,
  pace: Pace = unpaced,
): AsyncGenerator<Chunk> {
  let held: Step[] = [];
  let heldKind: Chunk['kind'] | undefined;
  for await (const step of steps) {
    const kind = flightKindOf(step);
    const isOther = kind !== undefined && heldKind !== undefined && kind !== heldKind;
    if (held.length >= size || isOther || (held.length > 0 && !pace.isDue(step.atMs))) {
      yield chunkOf(held, pace);
      held = [];
      heldKind = undefined;
    }
    if (held.length === 0) await pace.untilDue(step.atMs);
    held.push(step);
    heldKind ??= kind;
  }
  if (held.length > 0) yield chunkOf(held, pace);
}

const flightKindOf = ({ kind }: Step): Chunk['kind'] | undefined =>
  kind === 'reading' ? undefined : kind === 'scheduled' ? 'creations' : 'changes';

/** @param steps at least one. */
function chunkOf(steps: readonly Step[], pace: Pace): Chunk {
  const [first, last] = [steps[0], steps.at(-1)];
  if (first === undefined || last === undefined) throw new TypeError('a chunk has at least one step');
  pace.onSend(first.atMs);
  return {
    kind: steps.map(flightKindOf).find((kind) => kind !== undefined) ?? 'changes',
    flights: steps.filter((step) => step.kind !== 'reading'),
    readings: steps.filter((step) => step.kind === 'reading'),
    end: positionOfStep(last),
  };
}
