import { type CsvLine, cellsOf } from './csv-values.ts';

/** A line of flights.csv, typed; times are those of 2013, not shifted. */
export interface FlightLine {
  /** The data set's local date of departure (New York), `YYYY-MM-DD`. */
  readonly date: string;
  readonly carrier: string;
  readonly flightNumber: number;
  readonly tailNumber: string | null;
  readonly origin: string;
  readonly destination: string;
  readonly distanceMiles: number;
  /** Epoch milliseconds. `time_hour` is the scheduled hour in UTC; `minute` completes it. */
  readonly scheduledMs: number;
  /** Minutes since midnight on the clock of the destination. */
  readonly scheduledArrivalClock: number;
  /** Null: the flight was cancelled. */
  readonly departureDelayMinutes: number | null;
  /** Null though departed: the flight was diverted. */
  readonly arrivalDelayMinutes: number | null;
  readonly airTimeMinutes: number | null;
}

/** @throws PolystoreError `setup_failed` naming the column and the line. */
export function parseFlightLine(line: CsvLine): FlightLine {
  const cells = cellsOf('flights.csv', line);
  const twoDigits = (column: string): string => String(cells.number(column)).padStart(2, '0');
  const arrival = cells.number('sched_arr_time');
  return {
    date: `${cells.number('year')}-${twoDigits('month')}-${twoDigits('day')}`,
    carrier: cells.text('carrier'),
    flightNumber: cells.number('flight'),
    tailNumber: cells.textOrNull('tailnum'),
    origin: cells.text('origin'),
    destination: cells.text('dest'),
    distanceMiles: cells.number('distance'),
    scheduledMs: Date.parse(cells.text('time_hour')) + cells.number('minute') * 60_000,
    scheduledArrivalClock: Math.floor(arrival / 100) * 60 + (arrival % 100),
    departureDelayMinutes: cells.numberOrNull('dep_delay'),
    arrivalDelayMinutes: cells.numberOrNull('arr_delay'),
    airTimeMinutes: cells.numberOrNull('air_time'),
  };
}
