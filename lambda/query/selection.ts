import type { AggregateFragment, Placement } from '../stores/store.ts';
import type { AggregateSelect } from './aggregate-shape.ts';
import { limits } from './limits.ts';

/** What a store that adds groups up is asked for. */
export const totalsOf = (
  { where, match, groups, aggregates }: AggregateSelect,
  placement: Placement,
): AggregateFragment => ({ placement, where, match, groups, aggregates, maxGroups: limits.groups });

/** The columns whose values groups are made of, besides those of the conditions. */
export const columnsOfGroups = ({ groups, aggregates }: AggregateSelect): readonly string[] =>
  [...groups, ...aggregates].flatMap(({ column }) => (column === undefined ? [] : [column.name]));
