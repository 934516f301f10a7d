import type { Row } from '../../../lambda/change/change.ts';
import {
  aurora,
  type Catalog,
  compile,
  count,
  descending,
  entity,
  hour,
  integer,
  keyspaces,
  measure,
  model,
  oneOf,
  text,
  timestamp,
} from '../../../lambda/model/index.ts';

/** Rows that are changed and deleted, unlike events, with totals by the hour. */
const sale = (changesPerSecond: number) =>
  entity('sale', {
    key: ['tenant', 'saleId'],
    tenant: 'tenant',
    fields: {
      tenant: text(),
      saleId: text(),
      at: timestamp().immutable(),
      kind: oneOf('shop', 'web'),
      amount: integer().optional(),
    },
    source: aurora(),
    views: {
      byHour: keyspaces.table({ by: ['tenant', hour('at')], orderBy: descending('at') }),
      hourly: keyspaces.rollup({
        from: 'byHour',
        bucket: hour('at'),
        metrics: {
          sales: count(),
          shop: count({ kind: 'shop' }),
          amount: measure('amount'),
          webAmount: measure('amount', { kind: 'web' }),
        },
      }),
    },
    rate: { changesPerSecond },
  });

/** A sub-bucket for each 1,000 changes a second: by default three. */
export const salesCatalog = (name: string, changesPerSecond = 2500): Catalog =>
  compile(model(name, [sale(changesPerSecond)]));

/** Hour 0 of the sales; hour 4 is in the next month. */
const firstHour = Date.parse('2013-01-31T20:00:00Z');

export interface Sale {
  readonly tenant: string;
  readonly id: number;
  readonly hour: number;
  readonly minute?: number;
  readonly kind?: string;
  readonly amount?: number | null;
}

export const saleRow = ({ tenant, id, hour: at, minute = 0, kind = 'web', amount = null }: Sale): Row => ({
  tenant,
  sale_id: `s${id}`,
  at: hourOf(at, minute),
  kind,
  amount,
});

/** The canonical timestamp of an hour, counted from hour 0. */
export const hourOf = (at: number, minute = 0): string =>
  new Date(firstHour + at * 3_600_000 + minute * 60_000).toISOString().replace('Z', '000Z');
