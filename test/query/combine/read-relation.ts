import type { Row } from '../../../lambda/change/change.ts';
import { answerSelect } from '../../../lambda/query/answer.ts';
import type { CombineTable } from '../../../lambda/query/combine/combiner.ts';
import { type Relation, selectOf, tableColumns } from '../../../lambda/query/combine/relation.ts';

/** The table of a relation, as its placement would fill it out of these rows: conditions, groups, first rows and all. */
export const readRelation = (relation: Relation, rows: readonly Row[]): CombineTable => ({
  table: relation.table,
  columns: tableColumns(relation),
  rows: answerSelect(
    selectOf(relation),
    rows.map((row) => ({ row, version: undefined })),
    rows.length,
  ).rows,
});
