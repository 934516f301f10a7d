/** A type of expression that statements are generated of. */
export type Kind = 'text' | 'integer' | 'bigint' | 'decimal' | 'float' | 'boolean' | 'timestamp' | 'date';

export interface Column {
  readonly sql: string;
  readonly kind: Kind;
}

export const sightingColumns: Readonly<Record<string, Kind>> = {
  tenant: 'text',
  sighting_id: 'text',
  at: 'timestamp',
  place: 'text',
  kind: 'text',
  wings: 'integer',
  height: 'bigint',
  weight: 'decimal',
  ratio: 'float',
  tame: 'boolean',
  seen_on: 'date',
  note: 'text',
};
export const placeColumns: Readonly<Record<string, Kind>> = {
  place: 'text',
  name: 'text',
  level: 'integer',
  area: 'decimal',
  opened: 'date',
  opens_at: 'timestamp',
};
export const kinds: readonly Kind[] = [
  'text',
  'integer',
  'bigint',
  'decimal',
  'float',
  'boolean',
  'timestamp',
  'date',
];

export const constants: Readonly<Record<Kind, readonly string[]>> = {
  text: ["'EWR'", "''", "'goose'", "'a'", "'7'", "'\u{1f986}'"],
  integer: ['0', '1', '2', '-3', '7', '100'],
  bigint: ['9007199254740993', '3000000000', '-4000000000'],
  decimal: ['1.500', '-0.001', '2.500', '0.000'],
  float: ["'0.5'::float8", "'3'::float8", "'-1e-7'::float8"],
  boolean: ['true', 'false'],
  timestamp: ["timestamptz '2013-01-01 10:15:00.25+00'", "timestamptz '2016-02-29'"],
  date: ["date '2013-01-01'", "date '2012-12-31'"],
};

/** Columns of a table under a name. */
export const columnsOf = (known: string, fields: Readonly<Record<string, Kind>>): readonly Column[] =>
  Object.entries(fields).map(([name, kind]) => ({ sql: `${known}.${name}`, kind }));
