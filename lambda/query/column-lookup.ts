import type { CatalogColumn, CatalogEntity } from '../model/index.ts';
import { asNode, listOf, stringOf } from './tree-node.ts';

/** Finds the column that a reference names, or undefined when it is none of the entity's. */
export type ColumnLookup = (node: unknown) => CatalogColumn | undefined;

/** Finds columns by bare name or by the name of their table. */
export function columnLookup(entity: CatalogEntity, known: string): ColumnLookup {
  return (node) => {
    const fields = listOf(asNode(node, 'ColumnRef')?.fields);
    const parts = fields.map(stringOf);
    if (parts.length === 2 && parts[0] !== known) return undefined;
    return entity.columns.find((candidate) => candidate.name === parts.at(-1));
  };
}
