import type { Row } from '../../lambda/change/change.ts';
import { PolystoreError } from '../../lambda/errors.ts';
import { dataDayOf, renderTimestamp } from './dates.ts';
import type { FlightLine } from './flight-line.ts';
import type { FlightKey, FlightStep, FlightStepKind } from './step.ts';
import type { Zones } from './zones.ts';

export interface StoryOptions {
  readonly shiftMs: number;
  /** Time zone by airport code. */
  readonly airportZones: ReadonlyMap<string, string>;
  readonly zones: Zones;
}

/** What one step adds to what all steps of a flight have in common. */
interface Telling {
  readonly kind: FlightStepKind;
  readonly atMs: number;
  readonly set: Row;
  readonly delayMinutes?: number;
  readonly details?: Row;
  readonly isLast?: boolean;
}

const dataSetZone = 'America/New_York';

/**
 * The instant at which the flights of a date are created: midnight in New York. The earliest flight
 * of the data set is scheduled at 01:06 and none leaves more than 43 minutes early, so nothing of the
 * day comes before.
 */
export const plannedAtMs = (date: string, { shiftMs, zones }: StoryOptions): number =>
  zones.midnight(dataSetZone, date) + shiftMs;

/**
 * A flight's steps in event-time order: created as scheduled; then departed, and arrived unless it
 * was diverted (the data set knows no more of those: they stay `departed`); or cancelled, at the
 * scheduled time.
 *
 * `sched_arr_time` is a clock reading at the destination; the scheduled arrival is the first time
 * after departure that the destination's clock shows it (no flight takes a day). The arrival is that
 * plus `arr_delay`; it agrees with the data set's own `arr_time` for all 327,346 flights but one, in
 * the night of a clock change.
 *
 * @throws PolystoreError `setup_failed` when the destination's time zone is unknown.
 */
export function tellStory(line: FlightLine, options: StoryOptions): readonly FlightStep[] {
  const zone = options.airportZones.get(line.destination);
  if (zone === undefined) {
    throw new PolystoreError(
      'setup_failed',
      `flights.csv names the destination ${line.destination}, whose time zone is neither in airports.csv nor in local/loader/reference.ts; ` +
        'without it the arrival time cannot be told. Add it there.',
    );
  }
  const { shiftMs, zones } = options;
  const scheduledMs = line.scheduledMs + shiftMs;
  const scheduledArrivalMs = zones.nextAt(zone, line.scheduledArrivalClock, line.scheduledMs) + shiftMs;
  const day = dataDayOf(line.date);
  const flight: FlightKey = {
    carrier: line.carrier,
    flight_number: line.flightNumber,
    scheduled_at: renderTimestamp(scheduledMs),
  };
  const id = flightIdOf(flight);
  const step = ({ kind, atMs, set, delayMinutes, details, isLast }: Telling): FlightStep => ({
    kind,
    atMs,
    day,
    flight,
    id,
    set,
    event: {
      ...flight,
      // From the key and the kind alone, so that the event posted again is the same event.
      event_id: `${id}-${kind}`,
      at: renderTimestamp(atMs),
      kind,
      tail_number: line.tailNumber,
      origin: line.origin,
      destination: line.destination,
      delay_minutes: delayMinutes ?? null,
      details: details ?? null,
    },
    isLast: isLast ?? false,
  });

  const scheduled = step({
    kind: 'scheduled',
    atMs: plannedAtMs(line.date, options),
    set: {
      ...flight,
      tail_number: line.tailNumber,
      origin: line.origin,
      destination: line.destination,
      distance_miles: line.distanceMiles,
      status: 'scheduled',
      scheduled_arrival_at: renderTimestamp(scheduledArrivalMs),
    },
  });
  const { departureDelayMinutes, arrivalDelayMinutes, airTimeMinutes } = line;
  if (departureDelayMinutes === null)
    return [
      scheduled,
      step({ kind: 'cancelled', atMs: scheduledMs, set: { status: 'cancelled' }, isLast: true }),
    ];

  const departedMs = scheduledMs + departureDelayMinutes * 60_000;
  const departed = step({
    kind: 'departed',
    atMs: departedMs,
    set: {
      status: 'departed',
      departed_at: renderTimestamp(departedMs),
      departure_delay_minutes: departureDelayMinutes,
    },
    delayMinutes: departureDelayMinutes,
    isLast: arrivalDelayMinutes === null,
  });
  if (arrivalDelayMinutes === null) return [scheduled, departed];

  const arrivedMs = scheduledArrivalMs + arrivalDelayMinutes * 60_000;
  const arrived = step({
    kind: 'arrived',
    atMs: arrivedMs,
    set: {
      status: 'arrived',
      arrived_at: renderTimestamp(arrivedMs),
      arrival_delay_minutes: arrivalDelayMinutes,
      air_time_minutes: airTimeMinutes,
    },
    delayMinutes: arrivalDelayMinutes,
    details: { air_time_minutes: airTimeMinutes },
    isLast: true,
  });
  return [scheduled, departed, arrived];
}

/** `UA-1545-20130101T101500Z`. */
const flightIdOf = ({ carrier, flight_number, scheduled_at }: FlightKey): string =>
  `${carrier}-${flight_number}-${scheduled_at.slice(0, 19).replaceAll(/[-:]/g, '')}Z`;

/** Columns that a flight's row has even before anything set them. */
const unset: Row = {
  departed_at: null,
  departure_delay_minutes: null,
  arrived_at: null,
  arrival_delay_minutes: null,
  air_time_minutes: null,
};

/** The whole row of `flight` after all the given steps of one flight, in their order. */
export const rowAfter = (steps: readonly FlightStep[]): Row =>
  Object.assign({}, unset, ...steps.map(({ set }) => set));
