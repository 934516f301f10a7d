import type { Row, Value } from '../change/change.ts';
import type { CatalogColumn } from '../model/index.ts';
import { groupedValue } from './grouping.ts';
import type { Aggregate, AggregateFragment, VersionedRow } from './store.ts';
import { compareValues, identityOf } from './value-order.ts';

/** Groups rows and adds them up, in the plainest way; they meet the conditions already. */
export function aggregateRows(
  fragment: Pick<AggregateFragment, 'groups' | 'aggregates'>,
  rows: readonly VersionedRow[],
): readonly Row[] {
  const groups = new Map<string, { readonly head: Row; readonly members: Row[] }>();
  // Without groups all rows are one, be there any or not.
  if (fragment.groups.length === 0) groups.set('[]', { head: {}, members: [] });
  for (const { row } of rows) {
    const head = Object.fromEntries(
      fragment.groups.map((group) => [group.as, groupedValue(group, row[group.column.name] ?? null)]),
    );
    const id = JSON.stringify(Object.values(head));
    const group = groups.get(id) ?? { head, members: [] };
    groups.set(id, group);
    group.members.push(row);
  }
  return [...groups.values()].map(({ head, members }) => ({
    ...head,
    ...Object.fromEntries(fragment.aggregates.map((each) => [each.as, aggregateOf(each, members)])),
  }));
}

function aggregateOf({ function: of, column }: Aggregate, members: readonly Row[]): Value {
  if (column === undefined) return String(members.length);
  const values = members.map((row) => row[column.name] ?? null).filter((value) => value !== null);
  if (of === 'count') return String(values.length);
  if (of === 'count distinct')
    return String(new Set(values.map((value) => identityOf(column.type, value))).size);
  if (values.length === 0) return null;
  if (of === 'sum') return sumOf(column, values);
  const sorted = values.toSorted((a, b) => compareValues(column.type, a, b));
  return (of === 'min' ? sorted[0] : sorted.at(-1)) ?? null;
}

function sumOf({ type }: CatalogColumn, values: readonly Value[]): Value {
  if (type.kind === 'float') return values.reduce<number>((sum, value) => sum + Number(value), 0);
  const scale = type.kind === 'decimal' ? type.scale : 0;
  const sum = values.reduce<bigint>((total, value) => total + BigInt(String(value).replace('.', '')), 0n);
  if (scale === 0) return String(sum);
  const digits = String(sum < 0n ? -sum : sum).padStart(scale + 1, '0');
  return `${sum < 0n ? '-' : ''}${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
}
