import type { Row } from '../../../lambda/change/change.ts';
import {
  aurora,
  type Catalog,
  compile,
  date,
  decimal,
  dynamodb,
  entity,
  integer,
  model,
  shared,
  text,
  timestamp,
} from '../../../lambda/model/index.ts';
import { mulberry32 } from '../../random.ts';
import { sightingFields } from '../view-model.ts';

/** Entities of every type of field, each with a table in Aurora, which answers of the combine step are held to. */
const sighting = entity('sighting', {
  key: ['tenant', 'sightingId'],
  tenant: 'tenant',
  fields: { ...sightingFields, place: text().optional() },
  source: dynamodb({ partitionKey: 'T#{tenant}', sortKey: 'S#{sightingId}' }),
  views: { table: aurora.table() },
});

/** A place, whose `place` sightings have. */
export const placeFields = {
  place: text(),
  name: text().optional(),
  level: integer().optional(),
  area: decimal(9, 3).optional(),
  opened: date().optional(),
  opensAt: timestamp().optional(),
};

const place = entity('place', {
  key: ['place'],
  tenant: shared,
  fields: placeFields,
  source: dynamodb({ partitionKey: 'P#{place}', sortKey: 'P#{place}' }),
  views: { table: aurora.table() },
});

export const combineCatalog = (name: string): Catalog => compile(model(name, [sighting, place]));

const nothing = null;
/** Values at the edges of their types: nulls, Unicode, extremes, both sides of midnight. */
const edges = {
  at: [
    '0001-01-01T00:00:00.000000Z',
    '2012-12-31T23:59:59.999999Z',
    '2013-01-01T00:00:00.000000Z',
    '2013-01-01T10:15:00.250000Z',
    '2013-03-31T01:30:00.000000Z',
    '2016-02-29T12:00:00.000000Z',
    '9999-12-31T23:59:59.999999Z',
  ],
  place: ['EWR', 'JFK', 'LGA', '\u{1f6eb}', '\ufffd', '', nothing],
  kind: ['bird', 'plane', 'cloud'],
  wings: [2, 0, -3, 7, 10, 2_147_483_647, -2_147_483_648, nothing],
  height: ['9007199254740993', '-5', '0', '12', '9223372036854775807', nothing],
  weight: ['1.500', '-0.001', '999999.999', '0.000', '2.500', nothing],
  ratio: [0.5, -1e-7, 3, 1e300, 0, 0.1, nothing],
  tame: [true, false, nothing],
  seen_on: ['2012-12-31', '2013-01-01', '2016-02-29', '0001-01-01', '9999-12-31', nothing],
  note: ['a grey goose', 'Goose, geese', '', ' 12 ', '7', 'a%b_c\\d', 'naïve', '\u{1f986}', nothing],
  photo: ['\\x', '\\x00', '\\x00ff', '\\x5c78', nothing],
  extra: [{ a: 1 }, [null], 'x', nothing],
} as const;

/** A statement and whether its rows come in an order that says all of them. */
export interface Generated {
  readonly sql: string;
  readonly isOrdered: boolean;
}

/** Draws numbers from a seed: the same statements and rows each time. */
export interface Draw {
  /** A whole number from 0 to below `n`. */
  below(n: number): number;
  of<T>(some: readonly T[]): T;
  /** True once in `n`. */
  once(n: number): boolean;
}

export function drawFrom(seed: number): Draw {
  const next = mulberry32(seed * 2_654_435_761 + 1);
  const below = (n: number): number => Math.floor(next() * n);
  return {
    below,
    of: (some) => {
      const one = some[below(some.length)];
      if (one === undefined) throw new TypeError('nothing to draw from');
      return one;
    },
    once: (n) => below(n) === 0,
  };
}

/** Rows of both entities; those of another tenant among them. */
export function drawRows(
  draw: Draw,
  own: string,
  other: string,
): Readonly<Record<'sighting' | 'place', readonly Row[]>> {
  const one = <T>(some: readonly T[]): T => some[draw.below(some.length)] as T;
  const sightings = Array.from(
    { length: 40 },
    (_, index): Row => ({
      tenant: draw.once(5) ? other : own,
      sighting_id: `s${index}`,
      ...Object.fromEntries(Object.entries(edges).map(([name, some]) => [name, one<Row[string]>(some)])),
    }),
  );
  const places = ['EWR', 'JFK', '\u{1f6eb}', '', 'BOS'].map(
    (code): Row => ({
      place: code,
      name: one(edges.note),
      level: one(edges.wings),
      area: one(edges.weight),
      opened: one(edges.seen_on),
      opens_at: one([...edges.at, nothing]),
    }),
  );
  return { sighting: sightings, place: places };
}
