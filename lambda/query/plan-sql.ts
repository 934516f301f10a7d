import type { CatalogEntity } from '../model/index.ts';
import type { Statement } from './analyse.ts';
import { type Candidate, costs, type PlanContext, type Qualified } from './plan.ts';

/** The view through which SQL on Aurora sees an entity of another source; undefined when there is none. */
const hasAuroraPlacement = (entity: CatalogEntity): boolean =>
  entity.source.kind === 'aurora.source' || entity.views.some((view) => view.kind === 'aurora.table');

/** Judges the whole statement as SQL on Aurora: on a replica and, when nothing else will, on the writer. */
export function planSql(
  statement: Statement,
  entities: readonly CatalogEntity[],
  context: PlanContext,
): readonly Candidate[] {
  const refused = (why: string): readonly Candidate[] => [
    { placement: 'aurora', engine: 'aurora', qualifies: false, why },
  ];
  const absent = statement.reads.filter((entity) => !hasAuroraPlacement(entity));
  if (absent.length > 0) {
    const joinable = entities.filter(hasAuroraPlacement).map((entity) => entity.name);
    return refused(
      `${absent.map((entity) => entity.name).join(', ')} is not kept in Aurora; joins, aggregates and free predicates take ${joinable.join(', ')}`,
    );
  }
  const followed = statement.reads.filter((entity) => entity.source.kind !== 'aurora.source');
  if (context.freshness === 'strong' && followed.length > 0)
    return refused(
      `${followed.map((entity) => entity.name).join(', ')} is a view there, which follows its source: freshness 0 wants sources only`,
    );
  const base = { engine: 'aurora', qualifies: true, kind: 'sql', estimatedReads: undefined } as const;
  const writer: Qualified = {
    ...base,
    placement: 'aurora.writer',
    why:
      context.freshness === 'strong'
        ? 'freshness 0 wants the node that takes the writes'
        : 'the writer answers when no replica does',
    cost: costs.auroraWriter,
    route: { kind: 'sql', node: 'writer', statement },
  };
  const replica: Candidate =
    context.freshness === 'strong'
      ? {
          placement: 'aurora.replica',
          engine: 'aurora',
          qualifies: false,
          why: 'a replica follows the writer',
        }
      : {
          ...base,
          placement: 'aurora.replica',
          why: 'Aurora holds all that the statement reads; PostgreSQL plans it',
          cost: costs.auroraReplica,
          route: { kind: 'sql', node: 'replica', statement },
        };
  return [replica, writer];
}
