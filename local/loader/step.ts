import type { Row } from '../../lambda/change/change.ts';

/** What happens to a flight; also its status from then on, and the kind of the event. */
export type FlightStepKind = 'scheduled' | 'departed' | 'arrived' | 'cancelled';

/** How far a flight with that status has got; a step of no higher rank has been taken already. */
export const rankOf: Readonly<Record<FlightStepKind, number>> = {
  scheduled: 0,
  departed: 1,
  arrived: 2,
  cancelled: 2,
};

export interface FlightKey {
  readonly carrier: string;
  readonly flight_number: number;
  /** Canonical timestamp. */
  readonly scheduled_at: string;
}

interface StepBase {
  /** Event time, epoch milliseconds, shifted. */
  readonly atMs: number;
  /** The data day that it belongs to. */
  readonly day: number;
  /** With the time and the kind it gives all steps one order: the flight's, equal for equal keys, or the airport. */
  readonly id: string;
}

/** One step in the life of a flight: an event, and what it changes in the flight's row. */
export interface FlightStep extends StepBase {
  readonly kind: FlightStepKind;
  readonly flight: FlightKey;
  /** Columns of `flight`: the whole row for `scheduled`, what is set for the others. */
  readonly set: Row;
  /** The row of `flight_event`. */
  readonly event: Row;
  /** No step of this flight comes after. */
  readonly isLast: boolean;
}

/** A reading of the weather at an airport. */
export interface Reading extends StepBase {
  readonly kind: 'reading';
  /** The row of `weather`. */
  readonly row: Row;
}

/** One thing that the loader replays, at its time. */
export type Step = FlightStep | Reading;
