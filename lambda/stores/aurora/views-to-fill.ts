import type { Catalog } from '../../model/index.ts';
import { columnType } from './column-type.ts';
import type { CurrentSchema } from './current-schema.ts';
import { tablesOf } from './model-table.ts';
import { qualified, tableName } from './names.ts';

/**
 * What must be filled after a migration, as commands: where the type of a column changed, the views in
 * other stores hold its values in the old form (5 is a number as an integer and a text as a bigint) until
 * each row changes. A column that is new has no values yet, and a view in Aurora follows its table.
 *
 * @param current the schema before the migration
 */
export function viewsToFill(current: CurrentSchema, catalog: Catalog): readonly string[] {
  const before = new Map(current.tables.map((table) => [qualified(table), table]));
  const changed = tablesOf(catalog, current.builds).filter((table) => {
    const there = before.get(qualified(tableName(table)));
    return table.entity.columns.some(({ name, type }) => {
      const old = there?.columns.find((column) => column.name === name);
      return old !== undefined && old.type !== columnType(type);
    });
  });
  const entities = changed.map(({ entity }) => entity).filter(({ views }) => views.length > 0);
  return [...new Set(entities.map(({ name }) => `polystore backfill ${name}`))];
}
