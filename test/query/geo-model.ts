import type { Row } from '../../lambda/change/change.ts';
import {
  aurora,
  type Catalog,
  compile,
  decimal,
  dynamodb,
  entity,
  entityOf,
  float,
  integer,
  model,
  parseRow,
  redis,
  shared,
  text,
} from '../../lambda/model/index.ts';
import type { Placement } from '../../lambda/stores/store.ts';

/** What moves about, of a tenant's own, and where it may land. */
const craft = entity('craft', {
  key: ['owner', 'craftId'],
  tenant: 'owner',
  fields: {
    owner: text(),
    craftId: text(),
    kind: text().immutable(),
    seats: integer(),
    latitude: float().optional(),
    longitude: decimal(9, 6).optional(),
  },
  source: dynamodb({ partitionKey: 'O#{owner}', sortKey: 'C#{craftId}' }),
  views: {
    table: aurora.table(),
    near: redis.geo({ by: ['owner'], latitude: 'latitude', longitude: 'longitude' }),
    nearOfKind: redis.geo({ by: ['owner', 'kind'], latitude: 'latitude', longitude: 'longitude' }),
  },
});
const harbour = entity('harbour', {
  key: ['harbour'],
  tenant: shared,
  fields: { harbour: text(), latitude: float(), longitude: float() },
  source: aurora(),
  views: { near: redis.geo({ by: [], latitude: 'latitude', longitude: 'longitude' }) },
});
/** Known by its position alone, and in no placement of Aurora. */
const buoy = entity('buoy', {
  key: ['owner', 'buoyId'],
  tenant: 'owner',
  fields: { owner: text(), buoyId: text(), latitude: float(), longitude: float() },
  source: dynamodb({ partitionKey: 'O#{owner}', sortKey: 'B#{buoyId}' }),
  views: { near: redis.geo({ by: ['owner'], latitude: 'latitude', longitude: 'longitude' }) },
});

/** Under a name of its own, for suites that share engines. */
export const geoCatalog = (name: string): Catalog => compile(model(name, [craft, harbour, buoy]));

export function geoPlacement(catalog: Catalog, name: string, view?: string): Placement {
  const found = entityOf(catalog, name);
  const target = view === undefined ? found.source : found.views.find((each) => each.name === view);
  if (target === undefined) throw new TypeError(`${name} has no view ${view}`);
  return { entity: found, target };
}

export const craftRow = (catalog: Catalog, fields: Row = {}): Row =>
  parseRow(entityOf(catalog, 'craft'), {
    ...{ owner: 'UA', craft_id: 'c1', kind: 'ship', seats: 2, latitude: 40.7, longitude: '-74.000000' },
    ...fields,
  });
