import type { Row } from '../../change/change.ts';
import { PolystoreError } from '../../errors.ts';
import { placementName } from '../placement.ts';
import type { Condition } from '../predicate.ts';
import type { AggregateFragment, Fragment, Placement, Selection } from '../store.ts';

/** What the function that reads the archive is asked. */
export type ArchiveRequest =
  | { readonly kind: 'read'; readonly fragment: Fragment }
  | { readonly kind: 'aggregate'; readonly fragment: AggregateFragment }
  | { readonly kind: 'versions'; readonly placement: Placement; readonly keys: readonly Row[] }
  | { readonly kind: 'health' };

/**
 * A request as JSON. Placements and columns go by their names, which the other side looks up in its own
 * model, so that functions of two versions of a model understand each other.
 */
export function renderRequest(request: ArchiveRequest): string {
  switch (request.kind) {
    case 'read':
      return JSON.stringify({ read: renderFragment(request.fragment) });
    case 'aggregate':
      return JSON.stringify({ aggregate: renderAggregate(request.fragment) });
    case 'versions':
      return JSON.stringify({
        versions: { placement: placementName(request.placement), keys: request.keys },
      });
    case 'health':
      return JSON.stringify({ health: true });
  }
}

function renderFragment(fragment: Fragment): object {
  switch (fragment.kind) {
    case 'keys':
    case 'slice':
      return { ...fragment, placement: placementName(fragment.placement) };
    case 'filter':
      return {
        ...fragment,
        ...renderSelection(fragment),
        columns: fragment.columns?.map(({ name }) => name),
        order:
          fragment.order === 'score'
            ? 'score'
            : fragment.order.map((term) => ({ ...term, column: term.column.name })),
      };
  }
}

const renderAggregate = (fragment: AggregateFragment): object => ({
  ...fragment,
  ...renderSelection(fragment),
  groups: fragment.groups.map((group) => ({ ...group, column: group.column.name })),
  aggregates: fragment.aggregates.map((each) => ({ ...each, column: each.column?.name })),
});

const renderSelection = ({ placement, where }: Selection): object => ({
  placement: placementName(placement),
  where: where.map(renderCondition),
});

function renderCondition(condition: Condition): object {
  switch (condition.kind) {
    case 'and':
    case 'or':
      return { kind: condition.kind, of: condition.of.map(renderCondition) };
    case 'not':
      return { kind: 'not', of: renderCondition(condition.of) };
    case 'distance':
      throw new PolystoreError('not_supported', 'The archive computes no distances.');
    default:
      return { ...condition, column: condition.column.name };
  }
}
