import type { Rows } from './rows.ts';

/** What the tables of Keyspaces must hold, worked out from the events in the plainest way. */

type Row = Readonly<Record<string, unknown>>;

/** Each row under its partition. Rows without an aircraft, of flights that never left, are in no aircraft's day. */
export const expectedWideTables = (events: Rows, weather: Rows) => ({
  eventsByTime: partitioned(events, (row) => [row.carrier, hourOf(row)]),
  eventsByAircraft: partitioned(new Map([...events].filter(([, row]) => row.tail_number !== null)), (row) => [
    row.carrier,
    row.tail_number,
    String(row.at).slice(0, 10),
  ]),
  analyticsHourly: totalsByHour(events),
  weatherByMonth: partitioned(weather, (row) => [row.origin, String(row.at).slice(0, 7)]),
});

const hourOf = (row: Row): string => String(row.at).slice(0, 13);

const partitioned = (rows: Rows, partitionOf: (row: Row) => readonly unknown[]): Rows =>
  new Map([...rows].map(([id, row]) => [`${partitionOf(row).join('|')} ${id}`, row]));

const metrics: Readonly<Record<string, { readonly kind?: string; readonly measured: boolean }>> = {
  events: { measured: false },
  scheduled: { kind: 'scheduled', measured: false },
  departures: { kind: 'departed', measured: false },
  arrivals: { kind: 'arrived', measured: false },
  cancellations: { kind: 'cancelled', measured: false },
  departureDelay: { kind: 'departed', measured: true },
  arrivalDelay: { kind: 'arrived', measured: true },
};

/** Every metric of every hour of a carrier in which anything counts for it. */
function totalsByHour(events: Rows): Rows {
  const hours = new Map<string, Row[]>();
  for (const row of events.values()) {
    const hour = `${String(row.carrier)}|${hourOf(row)}`;
    hours.set(hour, [...(hours.get(hour) ?? []), row]);
  }
  return new Map(
    [...hours].flatMap(([hour, rows]) =>
      Object.entries(metrics).flatMap(([name, { kind, measured }]) => {
        const counted = rows.filter((row) => kind === undefined || row.kind === kind);
        if (counted.length === 0) return [];
        const delays = counted
          .map((row) => row.delay_minutes)
          .filter((delay) => delay !== null)
          .map(Number);
        const some = measured && delays.length > 0;
        const totals = {
          row_count: measured ? delays.length : counted.length,
          total: some ? delays.reduce((sum, delay) => sum + delay, 0) : null,
          lowest: some ? Math.min(...delays) : null,
          highest: some ? Math.max(...delays) : null,
        };
        return [[`${hour}|${name}`, totals] as const];
      }),
    ),
  );
}
