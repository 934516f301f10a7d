import type { Key, Row } from '../change/change.ts';
import type { CatalogEntity } from '../model/index.ts';
import type { Statement } from './analyse.ts';
import type { OutputColumn } from './select-shape.ts';

/** How a write is carried out. */
export type WritePlan =
  | { readonly kind: 'sql'; readonly statement: Statement }
  | {
      readonly kind: 'insert';
      readonly entity: CatalogEntity;
      readonly rows: readonly Row[];
      readonly returning: readonly OutputColumn[];
    }
  | {
      readonly kind: 'update';
      readonly entity: CatalogEntity;
      readonly key: Key;
      readonly set: Row;
      readonly returning: readonly OutputColumn[];
    }
  | {
      readonly kind: 'delete';
      readonly entity: CatalogEntity;
      readonly key: Key;
      readonly returning: readonly OutputColumn[];
    }
  /** The conditions contradict one another: PostgreSQL would update or delete no row. */
  | { readonly kind: 'nothing'; readonly entity: CatalogEntity; readonly returning: readonly OutputColumn[] };
