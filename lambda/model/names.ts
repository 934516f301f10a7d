/** Columns that PostgreSQL keeps beside those of a table. */
export const systemColumns: ReadonlySet<string> = new Set([
  'tableoid',
  'xmin',
  'xmax',
  'cmin',
  'cmax',
  'ctid',
  'oid',
]);

/** camelCase → snake_case: `flightNumber` → `flight_number`. Upper-case runs stay one word: `tailID` → `tail_id`. */
export function snakeCase(name: string): string {
  return name
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replace(/([A-Z])([A-Z][a-z])/g, '$1_$2')
    .toLowerCase();
}
