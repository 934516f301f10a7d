import type { CatalogEntity, CatalogView, Workload } from '../model/index.ts';
import type { Statement } from './analyse.ts';
import type { Domains } from './domain.ts';
import { type Candidate, costs, type PlanContext, type Qualified } from './plan.ts';
import { searchForm } from './search-words.ts';
import { mayHaveExpired } from './view-obstacle.ts';

/** The view through which SQL on Aurora sees an entity of another source: its first there; undefined when there is none. */
const viewInAurora = ({ source, views }: CatalogEntity): CatalogView | undefined =>
  source.kind === 'aurora.source' ? undefined : views.find((view) => view.kind === 'aurora.table');

export const hasAuroraPlacement = (entity: CatalogEntity): boolean =>
  entity.source.kind === 'aurora.source' || viewInAurora(entity) !== undefined;

/** Why rows that the statement may ask for may have left a view that it reads; undefined when none has. */
function mayBeGone(
  { reads }: Statement,
  domains: Domains | undefined,
  context: PlanContext,
): string | undefined {
  for (const entity of reads) {
    const view = viewInAurora(entity);
    if (view?.expire === undefined) continue;
    const why =
      domains === undefined
        ? `its rows expire ${view.expire.afterMs / 3_600_000} hours after ${view.expire.column}, and only of a plain statement over it alone is it known that it asks for none of those`
        : mayHaveExpired({ view, domains }, context);
    if (why !== undefined) return `${entity.name}: ${why}`;
  }
  return undefined;
}

/**
 * Whose replicas are asked for a workload, in turn: the next heavier one lends its replica before a
 * lighter one does, whose readers wait less gladly.
 */
const inTurn: Readonly<Record<Workload, readonly Workload[]>> = {
  dashboard: ['dashboard', 'analytics', 'reporting'],
  analytics: ['analytics', 'reporting', 'dashboard'],
  reporting: ['reporting', 'analytics', 'dashboard'],
};

/** A statement for Aurora. */
export interface SqlAsked {
  readonly statement: Statement;
  /** What its conditions say of columns, where it is a plain statement over one entity. */
  readonly domains: Domains | undefined;
}

/**
 * Judges the whole statement as SQL on Aurora: on the replica of the workload, on the others, and when
 * nothing else will, on the writer.
 */
export function planSql(
  { statement, domains }: SqlAsked,
  entities: readonly CatalogEntity[],
  workload: Workload,
  context: PlanContext,
): readonly Candidate[] {
  const refused = (why: string): readonly Candidate[] => [
    { placement: 'aurora', engine: 'aurora', qualifies: false, why },
  ];
  if (statement.searches)
    return refused(
      `PostgreSQL does not know match(); a search index answers ${searchForm}, with words in ${searchedColumns(entities)}`,
    );
  const absent = statement.reads.filter((entity) => !hasAuroraPlacement(entity));
  if (absent.length > 0) {
    const joinable = entities.filter(hasAuroraPlacement).map((entity) => entity.name);
    return refused(
      `${absent.map((entity) => entity.name).join(', ')} is not kept in Aurora; joins, aggregates and free predicates take ${joinable.join(', ')}`,
    );
  }
  const gone = mayBeGone(statement, domains, context);
  if (gone !== undefined) return refused(gone);
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
  if (context.freshness === 'strong')
    return [
      {
        placement: `aurora.${workload}`,
        engine: 'aurora',
        qualifies: false,
        why: 'a replica follows the writer',
      },
      writer,
    ];
  const replicas = inTurn[workload].map(
    (node, index): Qualified => ({
      ...base,
      placement: `aurora.${node}`,
      why:
        index === 0
          ? `Aurora holds all that the statement reads; PostgreSQL plans it, on the replica for ${workload}`
          : `answers when the replica for ${workload} does not`,
      cost: costs.auroraReplica + index,
      route: { kind: 'sql', node, statement },
    }),
  );
  return [...replicas, writer];
}

/** `airport (name), aircraft (manufacturer, model)` */
function searchedColumns(entities: readonly CatalogEntity[]): string {
  const searched = entities.flatMap(({ name, views }) => {
    const columns = views.flatMap((view) =>
      view.kind === 'opensearch.index' || view.kind === 'opensearch.log'
        ? view.text.map(({ column }) => column)
        : [],
    );
    return columns.length === 0 ? [] : [`${name} (${[...new Set(columns)].join(', ')})`];
  });
  return searched.join(', ') || 'no column of this model';
}
