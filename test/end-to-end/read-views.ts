import { Redis } from 'ioredis';
import pg from 'pg';
import type { Deployment } from '../../local/deployment/deployment.ts';
import { readArchive } from './read-archive.ts';
import { readSearch, type SearchViews } from './read-search.ts';
import { eventKey, flightColumns, flightKey, weatherKey } from './read-sources.ts';
import { readWideTables } from './read-wide-tables.ts';
import { pick, type Rows, rowsBy } from './rows.ts';

/** Reads the views by their engines' own clients, in the layout that the stores' READMEs promise. */

export interface Views {
  readonly analytics: Rows;
  readonly board: Rows;
  readonly leaderboard: Rows;
  readonly recent: Rows;
  readonly card: Rows;
  readonly weather: Rows;
  readonly eventsByTime: Rows;
  readonly eventsByAircraft: Rows;
  readonly analyticsHourly: Rows;
  readonly weatherByMonth: Rows;
  readonly airportSearch: Rows;
  readonly aircraftSearch: Rows;
  readonly flightSearch: Rows;
  readonly eventLog: Rows;
  readonly history: Rows;
  readonly weatherHistory: Rows;
}

/** @param nowMs rows that have expired by then are not in a view. */
export async function readViews(deployment: Deployment, nowMs: number): Promise<Views> {
  return { ...(await readOtherViews(deployment, nowMs)), ...(await readSearch(deployment)) };
}

/** The views that are not in OpenSearch. */
export async function readOtherViews(
  deployment: Deployment,
  nowMs: number,
): Promise<Omit<Views, keyof SearchViews>> {
  const { host, port } = deployment.engines.endpoints.valkey;
  const redis = new Redis({ host, port, lazyConnect: true });
  await redis.connect();
  try {
    return {
      analytics: await readAnalytics(deployment),
      board: await readHashes(redis, '*:flight.board', nowMs),
      leaderboard: await readSortedSets(redis, '*:flight.leaderboard', nowMs),
      recent: await readSortedSets(redis, '*:flight_event.recent', nowMs),
      card: await readHashes(redis, '*:aircraft.card', nowMs),
      ...(await readWideTables(deployment)),
      weather: await readSortedSets(redis, '*:weather.recent', nowMs),
      history: await readArchive(deployment, 'flight_event', eventKey),
      weatherHistory: await readArchive(deployment, 'weather', weatherKey),
    };
  } finally {
    redis.disconnect();
  }
}

async function readAnalytics({ engines }: Deployment): Promise<Rows> {
  const { host, port, database, user } = engines.endpoints.postgresWriter;
  const client = new pg.Client({ host, port, database, user });
  await client.connect();
  try {
    const times = flightColumns.map((column) =>
      column.endsWith('_at')
        ? `to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as ${column}`
        : column,
    );
    const { rows } = await client.query<Record<string, unknown>>(
      `select ${times.join(', ')} from view.flight__analytics where not _deleted`,
    );
    return rowsBy(
      flightKey,
      rows.map((row) => pick(flightColumns, row)),
    );
  } finally {
    await client.end();
  }
}

interface Held {
  readonly id: string;
  readonly row: Record<string, unknown>;
}

/** What a key's hash shows: no tombstones, nothing expired. */
async function visible(redis: Redis, key: string, nowMs: number): Promise<readonly Held[]> {
  return Object.entries(await redis.hgetall(key)).flatMap(([id, text]) => {
    // The layout of lambda/stores/redis/README.md.
    const { d, x, r } = JSON.parse(text) as { d?: 1; x?: number; r?: Record<string, unknown> };
    return d === 1 || r === undefined || (x !== undefined && x <= nowMs) ? [] : [{ id, row: r }];
  });
}

async function keysLike(redis: Redis, pattern: string): Promise<readonly string[]> {
  const keys = new Set<string>();
  for await (const page of redis.scanStream({ match: pattern, count: 1000 }))
    for (const key of page as string[]) keys.add(key);
  return [...keys];
}

async function readHashes(redis: Redis, pattern: string, nowMs: number): Promise<Rows> {
  const rows = new Map<string, Record<string, unknown>>();
  for (const key of await keysLike(redis, pattern)) {
    for (const { id, row } of await visible(redis, key, nowMs)) rows.set(`${key} ${id}`, row);
  }
  return rows;
}

/** Members with their scores; the rows beside them must be there too. */
async function readSortedSets(redis: Redis, pattern: string, nowMs: number): Promise<Rows> {
  const rows = new Map<string, Record<string, unknown>>();
  for (const key of await keysLike(redis, pattern)) {
    const held = new Map((await visible(redis, key, nowMs)).map(({ id, row }) => [id, row]));
    const members = await redis.zrange(`${key}:score`, '0', '-1', 'WITHSCORES');
    for (let at = 0; at < members.length; at += 2) {
      const id = members[at] ?? '';
      const row = held.get(id);
      if (row !== undefined) rows.set(`${key} ${id}`, { ...row, $score: Number(members[at + 1]) });
    }
  }
  return rows;
}
