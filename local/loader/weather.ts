import type { Row } from '../../lambda/change/change.ts';
import { type CsvLine, cellsOf } from './csv-values.ts';
import { dataDayOf, renderTimestamp } from './dates.ts';
import type { Reading } from './step.ts';

export const weatherFile = 'weather.csv';

/**
 * The reading of one line. `time_hour`, the hour in UTC, tells an airport's readings apart: the clock
 * hour beside it occurs twice when the clock is put back. Measured: no two of the 26,115 lines have the
 * same airport and `time_hour`. A reading belongs to the day that the clock shows, as flights do.
 *
 * @throws PolystoreError `setup_failed` naming the column and the line.
 */
export function parseReading(line: CsvLine, shiftMs: number): Reading {
  const cells = cellsOf(weatherFile, line);
  const twoDigits = (column: string): string => String(cells.number(column)).padStart(2, '0');
  const origin = cells.text('origin');
  const atMs = Date.parse(cells.text('time_hour')) + shiftMs;
  const row: Row = {
    origin,
    at: renderTimestamp(atMs),
    temp: cells.numberOrNull('temp'),
    dewp: cells.numberOrNull('dewp'),
    humid: cells.numberOrNull('humid'),
    wind_dir: cells.numberOrNull('wind_dir'),
    wind_speed: cells.numberOrNull('wind_speed'),
    wind_gust: cells.numberOrNull('wind_gust'),
    precip: cells.numberOrNull('precip'),
    pressure: cells.numberOrNull('pressure'),
    visib: cells.numberOrNull('visib'),
  };
  return {
    kind: 'reading',
    atMs,
    day: dataDayOf(`${cells.number('year')}-${twoDigits('month')}-${twoDigits('day')}`),
    id: origin,
    row,
  };
}
