import type { AuroraTablePlacement, CatalogExpiry, CatalogTerm } from './catalog.ts';
import { compileIndexes } from './compile-indexes.ts';
import { type AuroraTableView, days } from './language.ts';
import type { ViewContext } from './view-context.ts';

/** As long as the change log can be applied again, and two days more (DESIGN §4). */
const leastKeep = days(9);

export function compileAuroraTable(view: AuroraTableView, context: ViewContext): AuroraTablePlacement {
  const { name, where, problems, columns, key, term } = context;
  const partitionBy = view.partitionBy === undefined ? undefined : term(view.partitionBy, 'partitionBy');
  if (partitionBy !== undefined && !key.includes(partitionBy.column)) {
    problems.add(
      `${where}.partitionBy`,
      `partitions by '${partitionBy.column}', which is not part of the key; PostgreSQL could not keep the key unique`,
      'partition by a key field',
    );
  }
  if (partitionBy !== undefined && partitionBy.unit !== 'month') {
    problems.add(`${where}.partitionBy`, `partitions by ${partitionBy.unit}`, 'use month(…)');
  }
  return {
    kind: view.kind,
    name,
    columns: columns.map((column) => column.name),
    expire: compileKeep(view, partitionBy, context),
    partitionBy,
    indexes: compileIndexes(view.indexes, { ...context, where: `views.${name}.indexes` }),
  };
}

function compileKeep(
  { keep }: AuroraTableView,
  partitionBy: CatalogTerm | undefined,
  { where, problems }: ViewContext,
): CatalogExpiry | undefined {
  if (keep === undefined) return undefined;
  if (!(keep >= leastKeep && Number.isFinite(keep)))
    problems.add(
      `${where}.keep`,
      `is ${keep / days(1)} days`,
      'use 9 days or more: seven in which the change log can be applied again, and two',
    );
  if (partitionBy !== undefined) return { column: partitionBy.column, afterMs: keep };
  problems.add(
    `${where}.keep`,
    'is of a view without partitions, and rows are dropped by whole months',
    'add partitionBy: month(…)',
  );
  return undefined;
}
