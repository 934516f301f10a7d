import type { Row } from '../../lambda/change/change.ts';
import { createVersion } from '../../lambda/change/version.ts';
import {
  archive,
  ascending,
  aurora,
  bigint,
  boolean,
  bytes,
  type Catalog,
  type CatalogEntity,
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
  integer,
  json,
  keyspaces,
  measure,
  model,
  oneOf,
  opensearch,
  parseRow,
  redis,
  text,
  timestamp,
} from '../../lambda/model/index.ts';
import { keyOf } from '../../lambda/stores/source-write.ts';
import type { Placement, Store } from '../../lambda/stores/store.ts';
import type { FilledStores } from './filled-stores.ts';

/** A field of every type. */
export const sightingFields = {
  tenant: text(),
  sightingId: text(),
  at: timestamp(),
  place: text().immutable(),
  kind: oneOf('bird', 'plane', 'cloud'),
  wings: integer().optional(),
  height: bigint().optional(),
  weight: decimal(9, 3).optional(),
  ratio: float().optional(),
  tame: boolean().optional(),
  seenOn: date().optional(),
  note: text().optional(),
  photo: bytes().optional(),
  extra: json().optional(),
};

/** An entity with a view of every kind, a table of Aurora among them that all others are compared with. */
export const sighting = entity('sighting', {
  key: ['tenant', 'sightingId', 'at'],
  tenant: 'tenant',
  fields: sightingFields,
  source: dynamodb({
    partitionKey: 'T#{tenant}#S#{sightingId}',
    sortKey: 'AT#{at}',
    indexes: {
      byKind: { partitionKey: 'T#{tenant}#K#{kind}', sortKey: 'AT#{at}', fields: ['place', 'wings'] },
    },
    localIndexes: { byWings: { sortKey: 'wings', fields: ['kind', 'place'] } },
  }),
  views: {
    table: aurora.table({ indexes: [['tenant', 'at']] }),
    board: redis.hash({ by: ['tenant', 'place', day('at')] }),
    byTime: keyspaces.table({ by: ['tenant', hour('at')], orderBy: descending('at') }),
    byPlace: keyspaces.table({ by: ['tenant', 'place', day('at')], orderBy: ascending('at') }),
    hourly: keyspaces.rollup({
      from: 'byTime',
      bucket: hour('at'),
      metrics: {
        sightings: count(),
        birds: count({ kind: 'bird' }),
        wings: measure('wings'),
        planeWings: measure('wings', { kind: 'plane' }),
      },
    }),
    found: opensearch.index({ text: { note: 'standard', place: 'standard' } }),
    logged: opensearch.log({ at: 'at', keep: days(30), text: ['note'] }),
    history: archive.parquet({ partitionBy: day('at') }),
  },
});

/** Under a name of its own, for suites that share engines. */
export const viewCatalog = (name: string): Catalog => compile(model(name, [sighting]));

export const sightingOf = (catalog: Catalog): CatalogEntity => entityOf(catalog, 'sighting');

/** A sighting of UA in the first hour of 2013, unless said otherwise. */
export const sightingRow = (catalog: Catalog, fields: Row = {}): Row =>
  parseRow(sightingOf(catalog), {
    tenant: 'UA',
    sighting_id: 's1',
    at: '2013-01-01T00:15:00Z',
    place: 'EWR',
    kind: 'bird',
    ...fields,
  });

export function sightingPlacement(catalog: Catalog, view?: string): Placement {
  const found = sightingOf(catalog);
  const target = view === undefined ? found.source : found.views.find(({ name }) => name === view);
  if (target === undefined) throw new TypeError(`sighting has no view ${view}`);
  return { entity: found, target };
}

/** Puts rows into their source and, as if the change log had been applied, into every view outside Aurora. */
export async function seedSightings(
  catalog: Catalog,
  stores: Omit<FilledStores, 'aurora'>,
  rows: readonly Row[],
): Promise<void> {
  const put = async (store: Store | undefined, ...views: readonly (string | undefined)[]) => {
    for (const view of views) {
      const placement = sightingPlacement(catalog, view);
      await store?.apply(placement, changesOf(placement.entity, rows));
    }
  };
  await put(stores.dynamodb, undefined);
  await put(stores.redis, 'board');
  await put(stores.keyspaces, 'byTime', 'byPlace', 'hourly');
  await put(stores.opensearch, 'found', 'logged');
  await put(stores.archive, 'history');
}

export const changesOf = (of: CatalogEntity, rows: readonly Row[], position = 1n) =>
  rows.map((row) => ({
    kind: 'upsert' as const,
    entity: of.name,
    key: keyOf(of, row),
    row,
    version: createVersion(0, position),
  }));
