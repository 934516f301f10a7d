import type { Change, Key, Row } from '../../lambda/change/change.ts';
import { createVersion } from '../../lambda/change/version.ts';
import {
  after,
  archive,
  ascending,
  aurora,
  bigint,
  boolean,
  bytes,
  type Catalog,
  type CatalogEntity,
  compare,
  compile,
  count,
  date,
  day,
  days,
  decimal,
  descending,
  dynamodb,
  entity,
  entityOf,
  float,
  hour,
  hours,
  integer,
  json,
  kafka,
  keyspaces,
  measure,
  model,
  month,
  oneOf,
  opensearch,
  redis,
  shared,
  text,
  timestamp,
} from '../../lambda/model/index.ts';
import type { Placement } from '../../lambda/stores/store.ts';

/** Every field type, one key made of four of them, and a view of each kind. */
const fields = {
  tenant: text(),
  label: text(),
  number: bigint(),
  at: timestamp(),
  place: text().immutable(),
  state: oneOf('new', 'used', 'it’s gone'),
  count: integer().optional(),
  large: bigint().optional(),
  price: decimal(38, 10).optional(),
  precise: decimal(60, 30).optional(),
  ratio: float().optional(),
  flag: boolean().optional(),
  seenAt: timestamp().optional(),
  dueOn: date().optional(),
  note: text().optional(),
  image: bytes().optional(),
  extra: json().optional(),
};
const key = ['tenant', 'label', 'number', 'at'] as const;

const inDynamodb = dynamodb({
  partitionKey: 'T#{tenant}#L#{label}',
  sortKey: 'N#{number}#AT#{at}',
  indexes: {
    byState: { partitionKey: 'T#{tenant}#S#{state}', sortKey: '{at}', spread: 4 },
    byNote: {
      partitionKey: 'T#{tenant}#NOTE#{note}',
      sortKey: 'SEEN#{seenAt}',
      fields: ['place', 'price', 'extra'],
    },
  },
  localIndexes: { byCount: { sortKey: 'count' }, byPrice: { sortKey: 'price', fields: [] } },
});

/** Lives in DynamoDB, with an index of each kind; or on the log, where each change is a record. */
const itemIn = (source: typeof inDynamodb | ReturnType<typeof kafka>) =>
  entity('item', {
    key,
    tenant: 'tenant',
    fields,
    source,
    views: {
      table: aurora.table({ partitionBy: month('at'), indexes: [['tenant', 'count'], ['note']] }),
      flat: aurora.table(),
      kept: aurora.table({ partitionBy: month('at'), keep: days(40) }),
      hash: redis.hash({ by: ['tenant', 'place', day('at')] }),
      brief: redis.hash({ by: ['tenant', 'label'], fields: ['count', 'at'], expire: after('at', hours(36)) }),
      ranking: redis.sortedSet({ by: ['tenant', day('at')], score: 'count', expire: after('at', hours(36)) }),
      top: redis.sortedSet({ by: ['tenant'], score: 'ratio', limit: 3 }),
      latest: redis.sortedSet({ by: ['tenant'], score: 'seenAt' }),
      near: redis.geo({ by: ['tenant', 'place'], latitude: 'price', longitude: 'ratio' }),
      nearToday: redis.geo({
        ...{ by: ['tenant'], latitude: 'ratio', longitude: 'price' },
        expire: after('at', hours(36)),
      }),
      wide: keyspaces.table({ by: ['tenant', 'label'], orderBy: descending('at') }),
      daily: keyspaces.table({
        by: ['tenant', 'place', day('at')],
        orderBy: ascending('number'),
        expire: after('at', hours(36)),
        busiestShare: 0.1,
      }),
      found: opensearch.index({ text: { note: 'english', label: 'standard' } }),
      logged: opensearch.log({ at: 'at', keep: hours(36), text: ['note'] }),
      history: archive.parquet({ partitionBy: day('at') }),
    },
    // What a source is written with is held to it; what is applied has been.
    checks: { priceNotNegative: compare('price', '>=', 0) },
    // `wide` is written by all of it and gets four sub-buckets, `daily` by a tenth.
    rate: { changesPerSecond: 3500, changesPerDay: 1_000_000, rowBytes: 500 },
  });

/** Events: never updated, so a limited set may let rows go. */
const event = entity('event', {
  key: ['tenant', 'eventId'],
  tenant: 'tenant',
  fields: { tenant: text(), eventId: text(), at: timestamp(), body: json().optional() },
  source: kafka(),
  views: { recent: redis.sortedSet({ by: ['tenant'], score: 'at', limit: 5 }) },
});

/** Readings, whose totals by the hour a rollup keeps. */
const reading = entity('reading', {
  key: ['tenant', 'readingId'],
  tenant: 'tenant',
  fields: {
    tenant: text(),
    readingId: text(),
    at: timestamp().immutable(),
    kind: oneOf('warm', 'cold'),
    degrees: integer().optional(),
  },
  source: kafka(),
  views: {
    byHour: keyspaces.table({ by: ['tenant', hour('at')], orderBy: descending('at') }),
    hourly: keyspaces.rollup({
      from: 'byHour',
      bucket: hour('at'),
      metrics: {
        readings: count(),
        warm: count({ kind: 'warm' }),
        cold: measure('degrees', { kind: 'cold' }),
      },
    }),
  },
});

/** Reference data in Aurora. */
const place = entity('place', {
  key: ['place'],
  tenant: shared,
  fields: { place: text(), name: text(), rank: integer().optional() },
  source: aurora({ indexes: [['name']] }),
  views: { card: redis.hash() },
});

/** A tenant's own rows in Aurora, every type. */
const account = entity('account', {
  key,
  tenant: 'tenant',
  fields,
  source: aurora({ indexes: [['tenant', 'count']] }),
});

/** The model under a name of its own, for suites that share engines. */
export const contractCatalog = (name: string, itemSource: 'dynamodb' | 'kafka' = 'dynamodb'): Catalog => {
  const item = itemIn(itemSource === 'dynamodb' ? inDynamodb : kafka({ partitions: 3 }));
  return compile(model(name, [item, event, reading, place, account]));
};

/** The views of items that Redis holds. */
export const redisViews = ['hash', 'brief', 'ranking', 'top', 'latest', 'near', 'nearToday'].map(
  (view) => `item.${view}`,
);

export const itemOf = (catalog: Catalog): CatalogEntity => entityOf(catalog, 'item');

/** `item.source`, `item.hash`… as a placement. */
export function placementOf(catalog: Catalog, name: string): Placement {
  const [entityName = '', part] = name.split('.');
  const found = entityOf(catalog, entityName);
  const target = part === 'source' ? found.source : found.views.find((view) => view.name === part);
  if (target === undefined) throw new TypeError(`the contract model has no placement ${name}`);
  return { entity: found, target };
}

/** A row of `item` (or `account`) that is valid as it is. */
export function itemRow(columns: Partial<Record<string, Row[string]>> = {}): Row {
  return {
    tenant: 'acme',
    label: 'one',
    number: '1',
    at: '2013-01-01T10:15:00.000000Z',
    place: 'here',
    state: 'new',
    count: 1,
    large: '9007199254740993',
    price: '1.5000000000',
    precise: null,
    ratio: 0.5,
    flag: true,
    seen_at: '2013-01-01T11:00:00.000001Z',
    due_on: '2013-02-28',
    note: 'a note',
    image: '\\x6869',
    extra: { a: [1, null, 'x'] },
    ...columns,
  };
}

export const keyOfRow = (entity: CatalogEntity, row: Row): Key =>
  Object.fromEntries(entity.key.map((name) => [name, row[name] ?? null]));

export const upsert = (entity: CatalogEntity, row: Row, position: number | bigint): Change => ({
  kind: 'upsert',
  entity: entity.name,
  key: keyOfRow(entity, row),
  version: createVersion(0, BigInt(position)),
  row,
});

/** A delete that knows what the row was, as capture's does. */
export const remove = (entity: CatalogEntity, row: Row, position: number | bigint): Change => ({
  kind: 'delete',
  entity: entity.name,
  key: keyOfRow(entity, row),
  version: createVersion(0, BigInt(position)),
  before: row,
});
