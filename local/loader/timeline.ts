import { rankOf, type Step } from './flight-story.ts';

/** A place in the order of all steps; JSON, for the checkpoint. */
export interface Position {
  readonly atMs: number;
  readonly rank: number;
  readonly flightId: string;
}

export const positionOfStep = ({ atMs, kind, flightId }: Step): Position => ({
  atMs,
  rank: rankOf[kind],
  flightId,
});

/** Event time; at the same instant creations before departures before ends, then by flight. A total order. */
export function comparePositions(a: Position, b: Position): number {
  if (a.atMs !== b.atMs) return a.atMs - b.atMs;
  if (a.rank !== b.rank) return a.rank - b.rank;
  return a.flightId < b.flightId ? -1 : a.flightId > b.flightId ? 1 : 0;
}

export interface TimelineOptions {
  /** Data days, ascending. */
  readonly days: readonly number[];
  readonly storiesOf: (day: number) => Promise<readonly (readonly Step[])[]>;
  /** No step of a day's flights comes before this. */
  readonly plannedAtMs: (day: number) => number;
}

/**
 * The steps of all flights of the given days in event-time order, day by day: in memory are one day's
 * steps and what earlier flights have yet to do when the day begins (a flight is at most 22 hours
 * late, so that is little). What comes before the next day begins is given out. The last day's late
 * flights are followed to their end.
 */
export async function* timeline(options: TimelineOptions): AsyncGenerator<Step> {
  const { days, storiesOf, plannedAtMs } = options;
  let pending: readonly Step[] = [];
  for (const [index, day] of days.entries()) {
    const steps = [...pending, ...(await storiesOf(day)).flat()].sort((a, b) =>
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
export type Chunk =
  | { readonly kind: 'creations'; readonly steps: readonly Step[] }
  | { readonly kind: 'changes'; readonly steps: readonly Step[] };

/** Cuts the timeline into chunks of at most `size` steps; creations and changes are never in one. */
export async function* chunksOf(steps: AsyncIterable<Step>, size: number): AsyncGenerator<Chunk> {
  let held: Step[] = [];
  const kindOf = (step: Step | undefined): Chunk['kind'] =>
    step?.kind === 'scheduled' ? 'creations' : 'changes';
  for await (const step of steps) {
    if (held.length >= size || (held.length > 0 && kindOf(held[0]) !== kindOf(step))) {
      yield { kind: kindOf(held[0]), steps: held };
      held = [];
    }
    held.push(step);
  }
  if (held.length > 0) yield { kind: kindOf(held[0]), steps: held };
}
