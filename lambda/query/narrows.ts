import { conditionColumns } from '../stores/condition-columns.ts';
import type { Selected } from './select-clauses.ts';

/** Whether a select is about a part of what there is of its entity and tenant. */
export const narrows = ({ entity, where, match }: Selected): boolean =>
  match.length > 0 || [...conditionColumns(where)].some((column) => column !== entity.tenant);
