import type { Row } from '../../lambda/change/change.ts';
import { type CsvLine, cellsOf } from './csv-values.ts';

/** What flights refer to, as the rows that the sources are to hold. */
export interface ReferenceRows {
  readonly carrier: readonly Row[];
  readonly airport: readonly Row[];
  readonly aircraft: readonly Row[];
}

export type ReferenceEntity = keyof ReferenceRows;

/** The file and the line → row mapping of each; loaded in this order. */
export const referenceFiles: readonly {
  readonly entity: ReferenceEntity;
  readonly file: string;
  readonly toRow: (line: CsvLine) => Row;
}[] = [
  { entity: 'carrier', file: 'airlines.csv', toRow: carrierRow },
  { entity: 'airport', file: 'airports.csv', toRow: airportRow },
  { entity: 'aircraft', file: 'planes.csv', toRow: aircraftRow },
];

function carrierRow(line: CsvLine): Row {
  const cells = cellsOf('airlines.csv', line);
  return { carrier: cells.text('carrier'), name: cells.text('name') };
}

function airportRow(line: CsvLine): Row {
  const cells = cellsOf('airports.csv', line);
  return {
    airport_code: cells.text('faa'),
    name: cells.text('name'),
    lat: cells.number('lat'),
    lon: cells.number('lon'),
    alt: cells.number('alt'),
    tz: cells.numberOrNull('tz'),
    dst: cells.textOrNull('dst'),
    tzone: cells.textOrNull('tzone'),
  };
}

function aircraftRow(line: CsvLine): Row {
  const cells = cellsOf('planes.csv', line);
  return {
    tail_number: cells.text('tailnum'),
    year: cells.numberOrNull('year'),
    type: cells.text('type'),
    manufacturer: cells.text('manufacturer'),
    model: cells.text('model'),
    engines: cells.number('engines'),
    seats: cells.number('seats'),
    speed: cells.numberOrNull('speed'),
    engine: cells.text('engine'),
  };
}

/**
 * Four destinations are not in airports.csv. All lie in Puerto Rico and the Virgin Islands, which
 * keep Atlantic Standard Time all year (IANA time zone database).
 */
const zonesOfUnlistedAirports = ['BQN', 'PSE', 'SJU', 'STT'].map(
  (code) => [code, 'America/Puerto_Rico'] as const,
);

/** The time zone of each airport whose zone is known, by airport code. */
export function airportZones(airports: readonly Row[]): ReadonlyMap<string, string> {
  return new Map([
    ...zonesOfUnlistedAirports,
    ...airports.flatMap(({ airport_code: code, tzone }) =>
      typeof code === 'string' && typeof tzone === 'string' ? [[code, tzone] as const] : [],
    ),
  ]);
}
