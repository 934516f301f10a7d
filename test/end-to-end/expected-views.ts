import { expectedWideTables } from './expected-wide-tables.ts';
import type { Sources } from './read-sources.ts';
import type { Views } from './read-views.ts';
import type { Rows } from './rows.ts';

/**
 * What each view of the sample must hold, worked out from the sources in the plainest way, apart from
 * the code that fills them.
 */

type Row = Readonly<Record<string, unknown>>;
const hour = 3_600_000;
const recentEvents = 50;
const recentReadings = 72;

export function expectedViews(
  { flights, aircraft, airports, events, weather }: Sources,
  nowMs: number,
): Views {
  const alive = (row: Row, hours: number): boolean =>
    Date.parse(String(row.scheduled_at)) + hours * hour > nowMs;
  const dayOf = (row: Row): string => String(row.scheduled_at).slice(0, 10);
  const all = [...flights];
  return {
    analytics: flights,
    board: new Map(
      all
        .filter(([, row]) => alive(row, 36))
        .map(([id, row]) => [`{${row.carrier}|${row.origin}|${dayOf(row)}}:flight.board ${id}`, row]),
    ),
    leaderboard: new Map(
      all
        .filter(([, row]) => row.departure_delay_minutes !== null && alive(row, 30 * 24))
        .map(([id, row]) => [
          `{${row.carrier}|${dayOf(row)}}:flight.leaderboard ${id}`,
          { ...row, $score: row.departure_delay_minutes },
        ]),
    ),
    recent: latestBy(
      (row) => `{${row.carrier}|${row.flight_number}}:flight_event.recent`,
      recentEvents,
      events,
    ),
    history: events,
    weatherHistory: weather,
    weather: latestBy((row) => `{@shared|${row.origin}}:weather.recent`, recentReadings, weather),
    ...expectedWideTables(events, weather),
    card: new Map([...aircraft].map(([id, row]) => [`{@shared|${id}}:aircraft.card ${id}`, row])),
    airportSearch: within('flights.airport.search-1', airports),
    aircraftSearch: within('flights.aircraft.search-1', aircraft),
    flightSearch: within('flights.flight.search-1', flights),
    eventLog: new Map(
      [...events]
        .filter(([, row]) => Date.parse(String(row.at)) + 30 * 24 * hour > nowMs)
        .map(([id, row]) => [`flights.flight_event.log-${dotted(String(row.at))} ${id}`, present(row)]),
    ),
  };
}

/** Rows as documents of one index. */
const within = (index: string, rows: Rows): Rows =>
  new Map([...rows].map(([id, row]) => [`${index} ${id}`, present(row)]));

/** A row without the columns that have no value. */
const present = (row: Row): Row =>
  Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null));

const dotted = (timestamp: string): string => timestamp.slice(0, 10).replaceAll('-', '.');

/** The latest events of each group: by time, then by id. */
function latestBy(groupOf: (row: Row) => string, limit: number, events: Rows): Rows {
  const groups = new Map<string, (readonly [string, Row])[]>();
  for (const [id, row] of events) {
    const group = groupOf(row);
    groups.set(group, [...(groups.get(group) ?? []), [id, row]]);
  }
  const byTimeThenId = ([a, first]: readonly [string, Row], [b, second]: readonly [string, Row]): number => {
    const [x, y] = [`${String(first.at)} ${a}`, `${String(second.at)} ${b}`];
    return x < y ? 1 : -1;
  };
  return new Map(
    [...groups].flatMap(([group, rows]) =>
      rows
        .sort(byTimeThenId)
        .slice(0, limit)
        .map(([id, row]) => [`${group} ${id}`, { ...row, $score: microseconds(String(row.at)) }] as const),
    ),
  );
}

const microseconds = (timestamp: string): number =>
  Date.parse(timestamp) * 1000 + Number(timestamp.slice(23, 26));
