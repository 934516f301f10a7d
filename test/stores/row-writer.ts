import type { Key, Row } from '../../lambda/change/change.ts';
import type { CatalogEntity } from '../../lambda/model/index.ts';
import type { SourceWriter, Written } from '../../lambda/stores/store.ts';

/** Writes of one statement each. */
export interface RowWriter {
  insert(entity: CatalogEntity, rows: readonly Row[]): Promise<readonly Written[]>;
  /** Undefined when there is no such row. */
  update(entity: CatalogEntity, key: Key, set: Row): Promise<Written | undefined>;
  delete(entity: CatalogEntity, key: Key): Promise<Written | undefined>;
}

export const rowWriter = ({ transact }: SourceWriter): RowWriter => ({
  insert: async (entity, rows) => (await transact([{ kind: 'insert', entity, rows }]))[0] ?? [],
  update: async (entity, key, set) => (await transact([{ kind: 'update', entity, key, set }]))[0]?.[0],
  delete: async (entity, key) => (await transact([{ kind: 'delete', entity, key }]))[0]?.[0],
});
