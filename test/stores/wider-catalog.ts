import { boolean, type Catalog } from '../../lambda/model/index.ts';

/** A model's next version: every entity and view has the column `extra_flag`. */
export const widerCatalog = (catalog: Catalog): Catalog => ({
  ...catalog,
  entities: catalog.entities.map((entity) => ({
    ...entity,
    columns: [
      ...entity.columns,
      { name: 'extra_flag', field: 'extraFlag', type: boolean().type, optional: true, immutable: false },
    ],
    views: entity.views.map((view) => ({ ...view, columns: [...view.columns, 'extra_flag'] })),
  })),
});
