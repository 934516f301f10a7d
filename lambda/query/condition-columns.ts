import type { Condition } from '../stores/predicate.ts';

/** The columns that conditions speak of. */
export function conditionColumns(conditions: readonly Condition[]): ReadonlySet<string> {
  const names = new Set<string>();
  const visit = (condition: Condition): void => {
    switch (condition.kind) {
      case 'and':
      case 'or':
        for (const part of condition.of) visit(part);
        return;
      case 'not':
        visit(condition.of);
        return;
      default:
        names.add(condition.column.name);
    }
  };
  for (const condition of conditions) visit(condition);
  return names;
}
