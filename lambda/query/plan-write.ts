import type { Value } from '../change/change.ts';
import { PolystoreError } from '../errors.ts';
import type { CatalogEntity } from '../model/index.ts';
import type { Caller } from '../stores/store.ts';
import type { Statement } from './analyse.ts';
import { refuse } from './check-words.ts';
import { planRowWrite } from './plan-row-write.ts';
import { asNode, bodyOf, findNodes, listOf } from './tree-node.ts';
import type { WritePlan } from './write-plan.ts';

/**
 * Decides how a write reaches its source.
 *
 * @throws PolystoreError `forbidden`, `not_supported`, `invalid_value`, `unknown_column`.
 */
export function planWrite(statement: Statement, caller: Caller, params: readonly Value[]): WritePlan {
  const { writes, reads } = statement;
  const [entity] = writes;
  if (entity === undefined) throw new PolystoreError('internal', 'A write has no entity.');
  if (statement.searches)
    throw refuse('match() in a write', 'Read first, and write constants or parameters by full keys.');
  const events = writes.find((one) => one.source.kind === 'kafka.source');
  if (events !== undefined)
    throw refuse(
      `${events.name} holds events, which are not written by SQL`,
      `Send them to POST /events as {"entity": "${events.name}", "events": […]}.`,
    );
  const allAurora = writes.every((one) => one.source.kind === 'aurora.source');
  if (writes.length > 1 && !allAurora)
    throw refuse(
      `the statement writes ${writes.map(sourceName).join(' and ')}, and no transaction spans two sources`,
      'Send one statement for each.',
    );
  const foreign = reads.find((one) => !allAurora || one.source.kind !== 'aurora.source');
  if (foreign !== undefined)
    throw refuse(
      `the statement writes ${sourceName(entity)} and reads ${sourceName(foreign)}`,
      'Read first, and write constants or parameters.',
    );
  const shared = writes.find((one) => one.tenant === undefined);
  if (shared !== undefined && caller.kind !== 'operator')
    throw new PolystoreError(
      'forbidden',
      `${shared.name} is shared by all tenants: an operator's credential may write it, a tenant's may read it.`,
    );
  if (!allAurora) return planRowWrite(statement, entity, caller, params);
  refuseImmutable(statement, writes);
  return { kind: 'sql', statement };
}

const sourceName = (entity: CatalogEntity): string => `${entity.name} (${entity.source.kind.split('.')[0]})`;

/**
 * Views are located by columns that never change. A key may: to the change stream a row with another
 * key is a delete and an insert.
 */
function refuseImmutable(statement: Statement, writes: readonly CatalogEntity[]): void {
  const targets = [
    ...findNodes(statement.statement, 'UpdateStmt'),
    ...findNodes(statement.statement, 'InsertStmt').map((insert) => ({
      relation: insert.relation,
      targetList: bodyOf(insert.onConflictClause).targetList,
    })),
  ];
  for (const target of targets) {
    const entity = writes.find((one) => one.name === bodyOf(target.relation).relname);
    for (const assigned of listOf(target.targetList)) {
      const name = asNode(assigned, 'ResTarget')?.name;
      const column = entity?.columns.find((one) => one.name === name);
      if (column?.immutable === true && entity?.key.includes(column.name) === false)
        throw refuse(
          `${entity.name}.${column.name} is immutable and cannot be updated`,
          'Delete the row and insert another.',
        );
    }
  }
}
