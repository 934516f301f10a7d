import { type CatalogColumn, type CatalogEntity, columnsByName } from '../model/index.ts';
import { asNode, listOf, stringOf } from './tree-node.ts';

/** Finds the column that a reference names, or undefined when it is none of the entity's. */
export type ColumnLookup = (node: unknown) => CatalogColumn | undefined;

/** Finds columns by bare name or by the name of their table. */
export function columnLookup(entity: CatalogEntity, known: string): ColumnLookup {
  const columns = columnsByName(entity);
  return (node) => {
    const fields = listOf(asNode(node, 'ColumnRef')?.fields);
    if (fields.length === 2 && stringOf(fields[0]) !== known) return undefined;
    return fields.length === 0 ? undefined : columns.get(stringOf(fields.at(-1)));
  };
}
