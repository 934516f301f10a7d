import {
  archive,
  type Catalog,
  type CatalogEntity,
  compile,
  day,
  entity,
  entityOf,
  kafka,
  model,
  redis,
  text,
  timestamp,
} from '../../../lambda/model/index.ts';
import type { Placement } from '../../../lambda/stores/store.ts';

/** Events whose source is the log, with an archive of what the log forgets. */
export interface HappeningModel {
  readonly catalog: Catalog;
  readonly happening: CatalogEntity;
  readonly source: Placement;
  readonly recent: Placement;
  readonly history: Placement;
}

export function happeningModel(modelName: string, partitions: number): HappeningModel {
  const catalog = compile(
    model(modelName, [
      entity('happening', {
        key: ['tenant', 'id'],
        tenant: 'tenant',
        fields: { tenant: text(), id: text(), at: timestamp().immutable(), note: text() },
        source: kafka({ partitions }),
        views: {
          recent: redis.sortedSet({ by: ['tenant'], score: 'at' }),
          history: archive.parquet({ partitionBy: day('at') }),
        },
      }),
    ]),
  );
  const happening = entityOf(catalog, 'happening');
  const view = (name: string): Placement => {
    const target = happening.views.find((each) => each.name === name);
    if (target === undefined) throw new TypeError(`no view ${name}`);
    return { entity: happening, target };
  };
  const source: Placement = { entity: happening, target: happening.source };
  return { catalog, happening, source, recent: view('recent'), history: view('history') };
}
