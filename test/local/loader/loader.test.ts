import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  createLoader,
  type LoaderOptions,
  type LoadReport,
  openDataSet,
  readLatestAsOf,
  rowsOfDay,
} from '../../../local/loader/index.ts';
import { createFakeApi, refuse } from './fake-api.ts';
import { sampleFlights, sampleReadings, writeSampleData } from './sample-data.ts';

const asOf = '2026-03-01';
let dataDir = '';
let stateDir = '';
let states = 0;

beforeAll(async () => {
  dataDir = await writeSampleData();
  stateDir = await mkdtemp(join(tmpdir(), 'polystore-loader-state-'));
});
afterAll(async () => {
  await rm(dataDir, { recursive: true });
  await rm(stateDir, { recursive: true });
});

type Fake = ReturnType<typeof createFakeApi>;
const newStateFile = (): string => join(stateDir, `${++states}`, 'load.json');

function optionsFor(api: Fake, stateFile: string, change: Partial<LoaderOptions> = {}): LoaderOptions {
  return {
    api: { url: 'http://front.door', bearer: async () => 'operator', fetch: api.fetch },
    dataDir,
    stateFile,
    asOf,
    days: 'all',
    concurrency: 4,
    chunkSteps: 5,
    signal: new AbortController().signal,
    clock: () => 0,
    random: () => 0,
    sleep: async () => {},
    ...change,
  };
}

/** Everything that the sources hold, as one comparable value. */
const contentOf = (api: Fake): readonly (readonly [string, unknown])[] =>
  [...api.rows].sort(([a], [b]) => (a < b ? -1 : 1));

/** How often each row was written, the readings of the weather aside. */
const versionsOfFlights = (api: Fake): ReadonlyMap<string, number> =>
  new Map([...api.versions].filter(([id]) => !id.startsWith('weather:')));

async function expectedContent(): Promise<readonly (readonly [string, unknown])[]> {
  const api = createFakeApi();
  await createLoader(optionsFor(api, newStateFile())).run();
  return contentOf(api);
}

/** Runs and stops before or after the given request, as a kill would: its answer is never seen. */
async function runUntil(
  api: Fake,
  stateFile: string,
  request: number,
  moment: 'before' | 'after',
  change: Partial<LoaderOptions>,
) {
  const stop = new AbortController();
  const from = api.requests();
  api.intercept({
    onRequest: (at, count) => {
      if (count - from > request || (count - from === request && at === moment)) {
        stop.abort();
        throw new Error('killed');
      }
      return undefined;
    },
  });
  const summary = await createLoader(optionsFor(api, stateFile, { ...change, signal: stop.signal })).run();
  api.intercept({});
  return summary;
}

const ranks: Readonly<Record<string, number>> = { scheduled: 0, departed: 1, arrived: 2, cancelled: 2 };
const wentBack = (api: Fake): readonly string[] =>
  [...api.statuses].flatMap(([id, seen]) =>
    seen.some((status, index) => (ranks[status] ?? 0) < (ranks[seen[index - 1] ?? 'scheduled'] ?? 0))
      ? [id]
      : [],
  );

describe('a load', () => {
  test('leaves in the sources what the pure functions say', async () => {
    const api = createFakeApi();
    const dataSet = await openDataSet({ dataDir, asOf });
    const days = await Promise.all(dataSet.days.map((day) => rowsOfDay(dataSet, day)));

    const summary = await createLoader(optionsFor(api, newStateFile())).run();

    const held = (entity: string) =>
      [...api.rows].filter(([id]) => id.startsWith(`${entity}:`)).map(([, row]) => row);
    const sorted = (rows: readonly unknown[]) =>
      rows.map((row) => JSON.stringify(Object.entries(row as object).sort())).sort();
    expect(sorted(held('flight'))).toEqual(sorted(days.flatMap(({ flights }) => flights)));
    expect(sorted(held('flight_event'))).toEqual(sorted(days.flatMap(({ events }) => events)));
    expect(sorted(held('weather'))).toEqual(sorted(days.flatMap(({ weather }) => weather)));
    expect(sorted(held('aircraft'))).toEqual(sorted(dataSet.reference.aircraft));
    expect(sorted(held('airport'))).toEqual(sorted(dataSet.reference.airport));
    expect(sorted(held('carrier'))).toEqual(sorted(dataSet.reference.carrier));
    expect(summary).toMatchObject({
      outcome: 'finished',
      referenceRows: { created: 15, found: 0 },
      flightSteps: { created: sampleFlights, found: 0, skipped: 0, missing: 0 },
      eventsPosted: days.flatMap(({ events }) => events).length,
      readingsPosted: sampleReadings,
    });
  });

  test('posts every event once, in event-time order over all days', async () => {
    const api = createFakeApi();

    await createLoader(optionsFor(api, newStateFile())).run();

    expect(api.posted).toEqual([...api.posted].sort());
    expect([...api.versions].filter(([id, count]) => id.startsWith('flight_event') && count > 1)).toEqual([]);
  });

  test('posts every reading once, and none with a load that goes on', async () => {
    const api = createFakeApi();
    const stateFile = newStateFile();

    const first = await createLoader(optionsFor(api, stateFile, { days: 1 })).run();
    await createLoader(optionsFor(api, stateFile, { days: 'all' })).run();

    expect(first.readingsPosted).toBe(3);
    const versions = [...api.versions].filter(([id]) => id.startsWith('weather:'));
    expect(versions.map(([, count]) => count)).toEqual(Array.from({ length: sampleReadings }, () => 1));
  });

  test('takes each flight through its statuses in order and writes each once', async () => {
    const api = createFakeApi();

    await createLoader(optionsFor(api, newStateFile())).run();

    expect(new Set([...api.statuses.values()].map((seen) => seen.join(' ')))).toEqual(
      new Set(['scheduled departed arrived', 'scheduled cancelled', 'scheduled departed']),
    );
  });

  test('keeps no more requests in flight than it is told', async () => {
    const api = createFakeApi();

    await createLoader(optionsFor(api, newStateFile(), { chunkSteps: 500, concurrency: 3 })).run();

    expect(api.mostAtOnce()).toBe(3);
  });

  test('of some days leaves the others out, and goes on with them when asked for all', async () => {
    const expected = await expectedContent();
    const api = createFakeApi();
    const stateFile = newStateFile();

    const first = await createLoader(optionsFor(api, stateFile, { days: 1 })).run();
    const second = await createLoader(optionsFor(api, stateFile, { days: 'all' })).run();

    expect(first.flightSteps.created).toBe(7);
    expect(second.flightSteps).toMatchObject({ created: sampleFlights - 7, found: 0, skipped: 0 });
    expect(second.referenceRows).toEqual({ created: 0, found: 0 });
    expect(contentOf(api)).toEqual(expected);
  });

  test('begins at the day it is told', async () => {
    const api = createFakeApi();

    const summary = await createLoader(optionsFor(api, newStateFile(), { fromDay: 3, days: 1 })).run();

    expect(summary.flightSteps.created).toBe(2);
  });

  test('reports the phases, the flights done and an end time', async () => {
    const reports: LoadReport[] = [];
    let now = Date.parse('2026-03-01T00:00:00Z');
    const api = createFakeApi();

    await createLoader(
      optionsFor(api, newStateFile(), {
        onProgress: (report) => reports.push(report),
        clock: () => (now += 100),
      }),
    ).run();

    expect(new Set(reports.map(({ phase }) => phase))).toEqual(new Set(['reference', 'flights', 'finished']));
    expect(reports.at(-1)).toMatchObject({
      phase: 'finished',
      daysTotal: 4,
      flightsDone: sampleFlights,
      flightsTotal: sampleFlights,
    });
    const underWay = reports.filter(({ phase, flightsDone }) => phase === 'flights' && flightsDone > 0);
    expect(underWay.length).toBeGreaterThan(0);
    for (const { commandsPerSecond, etaIso } of underWay) {
      expect(commandsPerSecond).toBeGreaterThan(0);
      expect(Date.parse(etaIso ?? '')).toBeGreaterThanOrEqual(Date.parse('2026-03-01T00:00:00Z'));
    }
  });

  test('remembers the as-of day, for a start on a later day', async () => {
    const stateFile = newStateFile();

    expect(await readLatestAsOf(stateFile)).toBeUndefined();
    await createLoader(optionsFor(createFakeApi(), stateFile, { days: 1 })).run();

    expect(await readLatestAsOf(stateFile)).toBe(asOf);
  });
});

describe('a second load', () => {
  test('with the checkpoint sends nothing at all', async () => {
    const api = createFakeApi();
    const stateFile = newStateFile();
    await createLoader(optionsFor(api, stateFile)).run();
    const before = api.requests();

    await createLoader(optionsFor(api, stateFile)).run();

    expect(api.requests()).toBe(before);
  });

  test('without the checkpoint writes nothing, not even the same values again, but what cannot be looked up', async () => {
    const api = createFakeApi();
    await createLoader(optionsFor(api, newStateFile())).run();
    const before = versionsOfFlights(api);
    const content = contentOf(api);

    const summary = await createLoader(optionsFor(api, newStateFile())).run();

    expect(versionsOfFlights(api)).toEqual(before);
    expect(contentOf(api)).toEqual(content);
    expect(summary).toMatchObject({
      flightSteps: { created: 0, found: sampleFlights, updated: 0 },
      eventsPosted: 0,
    });
  });
});

describe('an interrupted load', () => {
  test('goes on to the same content wherever it was cut, any number of times, and no flight goes back', async () => {
    const expected = await expectedContent();
    const cut = fc.record({
      request: fc.integer({ min: 1, max: 60 }),
      moment: fc.constantFrom('before' as const, 'after' as const), // the request is not, or is, carried out
      days: fc.constantFrom(1, 2, 3, 'all' as const),
      keepsState: fc.boolean(),
    });

    await fc.assert(
      fc.asyncProperty(
        fc.array(cut, { maxLength: 5 }),
        fc.integer({ min: 1, max: 9 }),
        async (cuts, chunkSteps) => {
          const api = createFakeApi();
          let stateFile = newStateFile();
          for (const { request, moment, days, keepsState } of cuts) {
            if (!keepsState) stateFile = newStateFile();
            await runUntil(api, stateFile, request, moment, { days, chunkSteps });
          }

          await createLoader(optionsFor(api, stateFile, { chunkSteps })).run();

          expect(contentOf(api)).toEqual(expected);
          expect(wentBack(api)).toEqual([]);
          const versions = versionsOfFlights(api);
          await createLoader(optionsFor(api, newStateFile(), { chunkSteps })).run();
          expect(versionsOfFlights(api)).toEqual(versions);
        },
      ),
      { numRuns: 25 },
    );
  });

  test('says that it was stopped', async () => {
    const summary = await runUntil(createFakeApi(), newStateFile(), 8, 'before', {});

    expect(summary.outcome).toBe('stopped');
  });

  test('goes through failures that pass, and through lost answers', async () => {
    const expected = await expectedContent();
    const api = createFakeApi();
    api.intercept({
      onRequest: (moment, count) => {
        if (moment === 'before' && count % 5 === 0) return refuse(503, 'store_unavailable', true);
        if (moment === 'before' && count % 7 === 0)
          return new Response('{"message":"Internal Server Error"}', { status: 500 });
        if (moment === 'after' && count % 3 === 0) throw new TypeError('fetch failed');
        return undefined;
      },
    });

    const summary = await createLoader(optionsFor(api, newStateFile())).run();

    expect(contentOf(api)).toEqual(expected);
    expect(wentBack(api)).toEqual([]);
    expect(summary.retries).toBeGreaterThan(0);
  });
});

describe('a load with a speed', () => {
  /** From the first step of the sample, the first of January at midnight in New York, to the last. */
  const replayedMs = Date.parse('2013-10-01T10:14:00Z') - Date.parse('2013-01-01T05:00:00Z');

  /** A clock that only sleeping moves: requests take no time. */
  function createTime() {
    let nowMs = Date.parse('2026-03-01T00:00:00Z');
    return {
      clock: () => nowMs,
      sleep: async (ms: number, signal: AbortSignal) => {
        signal.throwIfAborted();
        nowMs += ms;
      },
    };
  }

  test('takes so many times less than the flights took, and loads the same', async () => {
    const expected = await expectedContent();
    const api = createFakeApi();

    const summary = await createLoader(
      optionsFor(api, newStateFile(), { ...createTime(), speed: 3600 }),
    ).run();

    expect(contentOf(api)).toEqual(expected);
    expect(summary.elapsedMs).toBeCloseTo(replayedMs / 3600, 0);
    expect(summary.mostBehindMs).toBeLessThan(0.01);
  });

  test('goes on where it was stopped, at the same speed and without what it missed in between', async () => {
    const expected = await expectedContent();
    const api = createFakeApi();
    const stateFile = newStateFile();
    const first = createTime();
    await runUntil(api, stateFile, 12, 'before', { ...first, speed: 3600 });
    const stoppedAt = first.clock();

    const second = createTime();
    const summary = await createLoader(optionsFor(api, stateFile, { ...second, speed: 3600 })).run();

    expect(contentOf(api)).toEqual(expected);
    expect(wentBack(api)).toEqual([]);
    expect(summary.mostBehindMs).toBeLessThan(0.01);
    const firstMs = stoppedAt - createTime().clock();
    expect(firstMs).toBeGreaterThan(0);
    expect(summary.elapsedMs).toBeLessThanOrEqual(replayedMs / 3600 - firstMs + 0.01);
    // What lies between the last checkpoint and where it stopped is waited for once more, and little else.
    expect(summary.elapsedMs).toBeGreaterThan(replayedMs / 3600 - firstMs - 12 * 3600 * 1000);
  });

  test('says how far behind it is when requests take too long, now and at the worst', async () => {
    const reports: LoadReport[] = [];
    const time = createTime();
    const api = createFakeApi();
    api.intercept({
      onRequest: (moment) => {
        if (moment === 'after') void time.sleep(5_000, new AbortController().signal);
        return undefined;
      },
    });

    const summary = await createLoader(
      optionsFor(api, newStateFile(), {
        ...time,
        speed: 86_400,
        days: 1,
        onProgress: (report) => reports.push(report),
      }),
    ).run();

    expect(summary.outcome).toBe('finished');
    const told = reports.flatMap(({ replay }) => (replay === undefined ? [] : [replay]));
    expect(new Set(told.map(({ speed }) => speed))).toEqual(new Set([86_400]));
    expect(Math.max(...told.map(({ behindMs }) => behindMs))).toBe(summary.mostBehindMs);
    expect(summary.mostBehindMs).toBeGreaterThan(10_000);
  });

  test('tells when it will be finished by its speed', async () => {
    const reports: LoadReport[] = [];

    await createLoader(
      optionsFor(createFakeApi(), newStateFile(), {
        ...createTime(),
        speed: 60,
        days: 1,
        onProgress: (report) => reports.push(report),
      }),
    ).run();

    const end = Date.parse('2026-03-01T00:00:00Z') + 86_400_000 / 60;
    const ends = reports.flatMap(({ etaIso }) => (etaIso === undefined ? [] : [Date.parse(etaIso)]));
    expect(ends.length).toBeGreaterThan(0);
    for (const each of ends) expect(Math.abs(each - end)).toBeLessThan(1000);
  });

  test.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY, 1_000_001])('of %p is refused', (speed) => {
    expect(() => createLoader(optionsFor(createFakeApi(), newStateFile(), { speed }))).toThrow(
      /speed got .*; it takes 0.001 to 1000000, and 1 is real time/,
    );
  });

  test('that is not given says nothing of being behind', async () => {
    const summary = await createLoader(optionsFor(createFakeApi(), newStateFile())).run();

    expect(summary.mostBehindMs).toBeUndefined();
  });
});

describe('a load that is refused', () => {
  test('stops and shows the command', async () => {
    const api = createFakeApi();
    api.intercept({
      onRequest: (moment, count) =>
        moment === 'before' && count === 4 ? refuse(400, 'invalid_sql', false) : undefined,
    });

    const load = createLoader(optionsFor(api, newStateFile())).run();

    await expect(load).rejects.toMatchObject({
      code: 'invalid_sql',
      message: expect.stringContaining('insert into'),
    });
  });

  test('counts a flight that somebody deleted as missing and goes on', async () => {
    const api = createFakeApi();
    const stateFile = newStateFile();
    api.intercept({
      onRequest: () => {
        // The fake's own map, so that a flight can vanish between two requests.
        (api.rows as Map<string, unknown>).delete('flight:UA|1545|2026-03-01T10:15:00.000000Z');
        return undefined;
      },
    });

    const summary = await createLoader(optionsFor(api, stateFile)).run();

    expect(summary).toMatchObject({ outcome: 'finished', flightSteps: { missing: 2 } });
  });

  test('does not begin with settings that make no sense, and names them all', () => {
    const options = optionsFor(createFakeApi(), newStateFile(), { days: 0, concurrency: 0, chunkSteps: 501 });

    expect(() => createLoader(options)).toThrow(/days got 0.*concurrency got 0.*chunkSteps got 501/);
  });
});
