import type { Change, Row } from '../../lambda/change/change.ts';
import type { CatalogEntity } from '../../lambda/model/index.ts';
import { itemRow, remove, upsert } from './contract-model.ts';

/** What is sent, and what readers must see once all of it has arrived, whoever sent it and how often. */
export interface Case {
  readonly name: string;
  build(entity: CatalogEntity, tenant: string): Scenario;
}
export interface Scenario {
  /** Sent one after the other; every caller sends all of them. */
  readonly steps: readonly (readonly Change[])[];
  /** What one caller alone is told of each step. */
  readonly applied: readonly number[];
  /** The rows that are visible at the end. */
  readonly visible: readonly Row[];
  /** Every key that was touched, as a row, with the position of the version that must be held. */
  readonly held: readonly { readonly row: Row; readonly position: bigint }[];
}

const one = (tenant: string, count: number): Row => itemRow({ tenant, count, note: `count ${count}` });

export const cases: readonly Case[] = [
  {
    name: 'an insert is visible',
    build: (entity, tenant) => {
      const row = one(tenant, 1);
      return {
        steps: [[upsert(entity, row, 10)]],
        applied: [1],
        visible: [row],
        held: [{ row, position: 10n }],
      };
    },
  },
  {
    name: 'a higher version replaces the row',
    build: (entity, tenant) => {
      const [first, second] = [one(tenant, 1), one(tenant, 2)];
      return {
        steps: [[upsert(entity, first, 10)], [upsert(entity, second, 11)]],
        applied: [1, 1],
        visible: [second],
        held: [{ row: second, position: 11n }],
      };
    },
  },
  {
    name: 'a lower or equal version changes nothing',
    build: (entity, tenant) => {
      const [first, second] = [one(tenant, 1), one(tenant, 2)];
      return {
        steps: [[upsert(entity, second, 11)], [upsert(entity, first, 10)], [upsert(entity, second, 11)]],
        applied: [1, 0, 0],
        visible: [second],
        held: [{ row: second, position: 11n }],
      };
    },
  },
  {
    name: 'versions that differ beyond 53 bits are told apart',
    build: (entity, tenant) => {
      const [first, second] = [one(tenant, 1), one(tenant, 2)];
      const base = 2n ** 55n;
      return {
        steps: [[upsert(entity, second, base + 2n)], [upsert(entity, first, base + 1n)]],
        applied: [1, 0],
        visible: [second],
        held: [{ row: second, position: base + 2n }],
      };
    },
  },
  {
    name: 'a version that is higher beyond 53 bits replaces the row',
    build: (entity, tenant) => {
      const [first, second] = [one(tenant, 1), one(tenant, 2)];
      const base = 2n ** 55n;
      return {
        steps: [[upsert(entity, first, base + 1n)], [upsert(entity, second, base + 2n)]],
        applied: [1, 1],
        visible: [second],
        held: [{ row: second, position: base + 2n }],
      };
    },
  },
  {
    name: 'a delete hides the row and its version stays',
    build: (entity, tenant) => {
      const row = one(tenant, 1);
      return {
        steps: [[upsert(entity, row, 10)], [remove(entity, row, 11)]],
        applied: [1, 1],
        visible: [],
        held: [{ row, position: 11n }],
      };
    },
  },
  {
    name: 'an insert that comes after a later delete does not bring the row back',
    build: (entity, tenant) => {
      const row = one(tenant, 1);
      return {
        steps: [[remove(entity, row, 11)], [upsert(entity, row, 10)]],
        applied: [1, 0],
        visible: [],
        held: [{ row, position: 11n }],
      };
    },
  },
  {
    name: 'a newer insert after a delete is visible',
    build: (entity, tenant) => {
      const [first, second] = [one(tenant, 1), one(tenant, 2)];
      return {
        steps: [[upsert(entity, first, 10)], [remove(entity, first, 11)], [upsert(entity, second, 12)]],
        applied: [1, 1, 1],
        visible: [second],
        held: [{ row: second, position: 12n }],
      };
    },
  },
  {
    name: 'of many versions of a key in one batch the highest stays',
    build: (entity, tenant) => {
      const rows = [3, 1, 5, 2, 4].map((count) => one(tenant, count));
      const highest = one(tenant, 5);
      return {
        steps: [rows.map((row) => upsert(entity, row, Number(row.count)))],
        applied: [1],
        visible: [highest],
        held: [{ row: highest, position: 5n }],
      };
    },
  },
  {
    name: 'an empty batch is nothing',
    build: () => ({ steps: [[]], applied: [0], visible: [], held: [] }),
  },
  {
    name: 'a large batch with some deletes arrives whole',
    build: (entity, tenant) => {
      const rows = Array.from({ length: 150 }, (_, index) =>
        itemRow({ tenant, number: String(index), label: `label ${index % 7}`, count: index, ratio: index }),
      );
      const deleted = rows.filter((_, index) => index % 10 === 0);
      const kept = rows.filter((_, index) => index % 10 !== 0);
      return {
        steps: [rows.map((row) => upsert(entity, row, 5)), deleted.map((row) => remove(entity, row, 6))],
        applied: [rows.length, deleted.length],
        visible: kept,
        held: [
          ...kept.map((row) => ({ row, position: 5n })),
          ...deleted.map((row) => ({ row, position: 6n })),
        ],
      };
    },
  },
  {
    name: 'two tenants with the same keys do not mix',
    build: (entity, tenant) => {
      const other = `${tenant}|other`;
      const [mine, theirs] = [one(tenant, 1), one(other, 2)];
      return {
        steps: [[upsert(entity, mine, 10), upsert(entity, theirs, 20)], [remove(entity, theirs, 21)]],
        applied: [2, 1],
        visible: [mine],
        held: [
          { row: mine, position: 10n },
          { row: theirs, position: 21n },
        ],
      };
    },
  },
  {
    name: 'every value comes back as it was',
    build: (entity, tenant) => {
      const rows = extremes.map((columns, index) =>
        itemRow({ tenant, number: String(index), ...columns, at: '2013-01-01T10:15:00.123456Z' }),
      );
      return {
        steps: [rows.map((row) => upsert(entity, row, 1))],
        applied: [rows.length],
        visible: rows,
        held: rows.map((row) => ({ row, position: 1n })),
      };
    },
  },
];

/** Values at the ends of their types, and texts that stores are known to get wrong. */
export const extremes: readonly Readonly<Record<string, Row[string]>>[] = [
  { label: '', note: '', place: 'x' },
  { label: 'a#b%c|d{e}f', note: '#%|{}\\\'"`$;--', place: '{p}|#' },
  { label: '👩‍👩‍👧 ñ ñ \u{10FFFF}', note: '\t\n\r\u0001\u007f\ufeff', state: 'it’s gone', place: 'Größe' },
  { label: 'NULL', note: 'null', extra: null, flag: false },
  { count: 2147483647, large: '9223372036854775807', ratio: 1.7976931348623157e308 },
  { count: -2147483648, large: '-9223372036854775808', ratio: 5e-324 },
  { count: 0, large: '0', ratio: 0.1, price: '0.0000000000' },
  { count: 4, price: '9999999999999999999999999999.9999999999', ratio: -1e-131 },
  {
    count: 5,
    price: '-0.0000000001',
    precise: '-123456789012345678901234567890.123456789012345678901234567890',
  },
  { count: 6, seen_at: '0001-01-01T00:00:00.000000Z', due_on: '0001-01-01' },
  { count: 7, seen_at: '9999-12-31T23:59:59.999999Z', due_on: '9999-12-31' },
  { count: 8, seen_at: '1969-12-31T23:59:59.999999Z', due_on: '2012-02-29' },
  { count: 9, extra: { nested: { '': [true, false, 1e21, 1e-7, 'ü', {}], 'a"b': [] } } },
  { count: 10, extra: [] },
  { count: 11, extra: 'text', image: '\\x' },
  { count: 12, extra: false, image: `\\x00${'ff5c78'.repeat(1000)}` },
  { count: 13, extra: 0 },
  // Shortest digits halfway to the next double.
  { count: 14, ratio: 26814796471957670, extra: 26814796471957670 },
];

/** The least that a row can be; in a sorted set by one of the absent columns it is no member. */
export const barest: Readonly<Record<string, Row[string]>> = {
  count: null,
  large: null,
  price: null,
  precise: null,
  ratio: null,
  flag: null,
  seen_at: null,
  due_on: null,
  note: null,
  image: null,
  extra: null,
};
