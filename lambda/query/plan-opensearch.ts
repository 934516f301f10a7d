import type { OpensearchIndexPlacement, OpensearchLogPlacement } from '../model/index.ts';
import { conditionColumns, measures } from '../stores/condition-columns.ts';
import type { Placement } from '../stores/store.ts';
import type { Asked } from './asked.ts';
import { type Candidate, costs, type PlanContext } from './plan.ts';
import type { Select } from './read-select.ts';
import { candidateOf, columnsOfGroups, opaqueAmong } from './selection.ts';
import { viewObstacle } from './view-obstacle.ts';

type SearchView = OpensearchIndexPlacement | OpensearchLogPlacement;

/** Judges one search index for rows by conditions and words, or for groups of them. */
export function planOpensearch(
  { select, domains, needed }: Asked,
  view: SearchView,
  context: PlanContext,
): Candidate {
  const { entity } = select;
  const base = { placement: `${entity.name}.${view.name}`, engine: 'opensearch' } as const;
  const refused = (why: string): Candidate => ({ ...base, qualifies: false, why });
  const obstacle =
    viewObstacle({ entity, view, needed, domains }, context) ??
    unsearched(select, view) ??
    unindexed(select) ??
    (measures(select.where) ? 'it computes no distances' : undefined) ??
    inexact(select);
  if (obstacle !== undefined) return refused(obstacle);

  const target: Placement = { entity, target: view };
  const matched = select.match.map(({ column }) => column);
  const why = `${matched.length === 0 ? '' : `words matched in ${matched.join(' and ')}, `}all conditions met by the index`;
  // What Aurora is the source of, its replicas have before an index that is refreshed now and then.
  const later = entity.source.kind === 'aurora.source' ? costs.laterThanAurora : 0;
  // Versions are seen there when searches see their rows, so that whoever awaits them finds them.
  const token = 'versions';
  return candidateOf(
    select,
    {
      ...base,
      target,
      token,
      stopsAtLimit: true,
      pages: true,
      scans: false,
      rows: { why, cost: costs.opensearchFilter + later },
      groups: {
        why: `${why}, ${select.kind === 'top' ? 'the first rows of groups taken' : 'groups counted'} there`,
        cost: costs.opensearchTotals + later,
      },
    },
    context,
  );
}

function unsearched(select: Select, { text }: SearchView): string | undefined {
  const highlighted =
    select.kind === 'rows'
      ? select.output.flatMap((output) => (output.kind === 'highlight' ? [output.column.name] : []))
      : [];
  const searched = text.map(({ column }) => column);
  const strange = [...select.match.map(({ column }) => column), ...highlighted].find(
    (column) => !searched.includes(column),
  );
  return strange === undefined
    ? undefined
    : `it matches no words in ${strange}; it does in ${searched.join(', ') || 'none of its columns'}`;
}

function unindexed(select: Select): string | undefined {
  const counted = select.kind === 'aggregate' ? columnsOfGroups(select) : [];
  const opaque = opaqueAmong(select, [...conditionColumns(select.where), ...counted]);
  return opaque === undefined ? undefined : `it does not look into ${opaque}`;
}

/** It adds up in double precision; of whole numbers the store itself says when that may be inexact. */
function inexact(select: Select): string | undefined {
  if (select.kind !== 'aggregate') return undefined;
  const sum = select.aggregates.find(
    ({ function: of, column }) => of === 'sum' && column?.type.kind === 'decimal',
  );
  return sum === undefined ? undefined : `it adds up in double precision, and so not ${sum.column?.name}`;
}
