import type { Catalog, CatalogEntity } from '../../lambda/model/index.ts';

/** The entities whose changes Debezium carries: those that live in Aurora. */
export const capturedEntities = ({ entities }: Catalog): readonly CatalogEntity[] =>
  entities.filter(({ source }) => source.kind === 'aurora.source');

export const isCaptured = (catalog: Catalog): boolean => capturedEntities(catalog).length > 0;
