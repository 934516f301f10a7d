import type { DeployedApi } from './deployed-api.ts';

type Row = Readonly<Record<string, string | number>>;

/** The day that all of it happens on: tomorrow, so that no view has let go of it yet. */
export const day = new Date(Date.now() + 86_400_000).toISOString().slice(0, 10);
export const nextDay = new Date(Date.now() + 2 * 86_400_000).toISOString().slice(0, 10);

export const carriers: readonly Row[] = [
  { carrier: 'UA', name: 'United Air Lines Inc.' },
  { carrier: 'B6', name: 'JetBlue Airways' },
];

export const airports: readonly Row[] = [
  { airport_code: 'IAH', name: 'George Bush Intercontinental', lat: 29.98, lon: -95.34, alt: 97 },
  { airport_code: 'BOS', name: 'General Edward Lawrence Logan Intl', lat: 42.36, lon: -71.01, alt: 19 },
];

export const aircraft: readonly Row[] = [
  {
    ...{ tail_number: 'N14228', type: 'Fixed wing multi engine', manufacturer: 'BOEING', model: '737-824' },
    ...{ engines: 2, seats: 149, engine: 'Turbo-fan' },
  },
];

/** Ten flights of United's, each ten minutes later than the one before it, and one of JetBlue's. */
export const flights: readonly Row[] = [
  ...Array.from({ length: 10 }, (_, at) => ({
    carrier: 'UA',
    flight_number: 1000 + at,
    scheduled_at: `${day}T1${at}:00:00Z`,
    tail_number: 'N14228',
    origin: 'EWR',
    destination: at % 2 === 0 ? 'IAH' : 'BOS',
    distance_miles: 1400,
    status: 'departed',
    departure_delay_minutes: 10 * at,
  })),
  {
    ...{ carrier: 'B6', flight_number: 7, scheduled_at: `${day}T10:00:00Z`, tail_number: 'N527JB' },
    ...{ origin: 'JFK', destination: 'BOS', distance_miles: 187, status: 'departed' },
    departure_delay_minutes: 500,
  },
];

export const events: readonly Row[] = flights.map((flight) => ({
  carrier: flight.carrier ?? '',
  flight_number: flight.flight_number ?? 0,
  event_id: `departure-${flight.flight_number}`,
  at: flight.scheduled_at ?? '',
  kind: 'departed',
  scheduled_at: flight.scheduled_at ?? '',
  tail_number: flight.tail_number ?? '',
  origin: flight.origin ?? '',
  destination: flight.destination ?? '',
  delay_minutes: flight.departure_delay_minutes ?? 0,
}));

/** Inserts rows in one statement. */
export function insert(api: DeployedApi, entity: string, rows: readonly Row[]) {
  const columns = Object.keys(rows[0] ?? {});
  const tuples = rows.map(
    (_, row) => `(${columns.map((_, column) => `$${row * columns.length + column + 1}`).join(', ')})`,
  );
  return api.query(
    `insert into ${entity} (${columns.join(', ')}) values ${tuples.join(', ')}`,
    rows.flatMap((row) => columns.map((column) => row[column] ?? null)),
  );
}
