import type { Row, Value } from '../../lambda/change/change.ts';
import type { FlightKey } from './step.ts';

/** One SQL statement with `$1`-style parameters, as `POST /query` takes it. */
export interface Statement {
  readonly sql: string;
  readonly params: readonly Value[];
}

/** One statement, one transaction, for rows that all have the columns of the first. */
export function renderInsert(entity: string, rows: readonly Row[]): Statement {
  const columns = Object.keys(rows[0] ?? {});
  const tuples = rows.map(
    (_, row) => `(${columns.map((_, column) => `$${row * columns.length + column + 1}`).join(', ')})`,
  );
  return {
    sql: `insert into ${entity} (${columns.join(', ')}) values ${tuples.join(', ')}`,
    params: rows.flatMap((row) => columns.map((column) => row[column] ?? null)),
  };
}

const whereFlight = 'carrier = $1 and flight_number = $2 and scheduled_at = $3';
const keyParams = ({ carrier, flight_number, scheduled_at }: FlightKey): readonly Value[] => [
  carrier,
  flight_number,
  scheduled_at,
];

/** Sets columns of one flight. */
export function renderFlightUpdate(flight: FlightKey, set: Row): Statement {
  const columns = Object.keys(set);
  return {
    sql: `update flight set ${columns.map((column, index) => `${column} = $${index + 4}`).join(', ')} where ${whereFlight}`,
    params: [...keyParams(flight), ...columns.map((column) => set[column] ?? null)],
  };
}

/** The status of one flight; no row when there is no such flight. */
export const renderStatusLookUp = (flight: FlightKey): Statement => ({
  sql: `select status from flight where ${whereFlight}`,
  params: keyParams(flight),
});
