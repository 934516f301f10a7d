import type { CatalogEntity, CatalogTableIndex, CatalogTerm } from '../model/index.ts';
import type { Domain, Domains } from './domain.ts';
import { locate } from './locate.ts';
import type { OrderTerm } from './select-shape.ts';

/** What of the rows of one table in Aurora a statement asks for. */
export interface TableAsk {
  readonly entity: CatalogEntity;
  readonly domains: Domains;
  /** Columns that have the values of rows of another table. */
  readonly joined: ReadonlySet<string>;
  /** Where a limit ends them: in which order the first few are wanted. */
  readonly first: readonly OrderTerm[] | undefined;
}

export interface TableAccess {
  readonly kind: 'key' | 'key range' | 'partition slice' | 'index';
  /** `flight: the index (carrier, scheduled_at)` */
  readonly by: string;
}

/** Something of a table by which PostgreSQL finds rows in order. */
interface Path {
  readonly name: string;
  readonly isKey: boolean;
  readonly columns: readonly string[];
  readonly where: CatalogTableIndex['where'];
}

/** By what PostgreSQL can find these rows without reading the whole table; undefined where there is nothing. */
export function tableAccess(ask: TableAsk): TableAccess | undefined {
  const { entity, domains } = ask;
  const view = entity.views.find(({ kind }) => kind === 'aurora.table');
  const held = entity.source.kind === 'aurora.source' ? entity.source : view;
  if (held === undefined || !('indexes' in held)) return undefined;
  const indexes = held.indexes as readonly CatalogTableIndex[];
  const paths: readonly Path[] = [
    { name: `the key (${entity.key.join(', ')})`, isKey: true, columns: entity.key, where: [] },
    ...indexes.map(({ columns, where }) => ({
      name: `the index (${columns.join(', ')})`,
      isKey: false,
      columns,
      where,
    })),
  ];
  for (const path of paths) {
    const kind = isImplied(path, domains) ? kindOf(path, ask) : undefined;
    if (kind !== undefined) return { kind, by: `${entity.name}: ${path.name}` };
  }
  const partition = held.kind === 'aurora.table' ? held.partitionBy : undefined;
  return partition !== undefined && isSlice(partition, domains)
    ? { kind: 'partition slice', by: `${entity.name}: the ${partition.unit}s of ${partition.column}` }
    : undefined;
}

function kindOf(
  { columns, isKey }: Path,
  { entity, domains, joined, first }: TableAsk,
): TableAccess['kind'] | undefined {
  const isFixed = (column: string): boolean =>
    joined.has(column) || domains.byColumn.get(column)?.values !== undefined;
  const fixed = columns.findIndex((column) => !isFixed(column));
  if (fixed < 0) return isKey ? 'key' : 'index';
  // A tenant's rows are all that there is of a table to whoever asks.
  const narrows = columns.slice(0, fixed).some((column) => column !== entity.tenant);
  const next = columns[fixed] ?? '';
  const isRange = isBounded(domains.byColumn.get(next));
  if (!narrows && !isRange && !isInOrder(columns.slice(fixed), domains, first)) return undefined;
  return isKey ? 'key range' : 'index';
}

const isBounded = (domain: Domain | undefined): boolean =>
  domain?.from !== undefined || domain?.to !== undefined;

/** Whether the first rows of an order are those of the path, with no condition that they may fail. */
function isInOrder(
  columns: readonly string[],
  domains: Domains,
  first: readonly OrderTerm[] | undefined,
): boolean {
  if (first === undefined || first.length === 0 || domains.others.length > 0) return false;
  const [{ descending }] = first as readonly [OrderTerm];
  return first.every(
    (term, index) =>
      term.kind === 'column' &&
      term.column.name === columns[index] &&
      term.descending === descending &&
      // Nulls stand where PostgreSQL's own index has them.
      (!term.column.optional || term.nullsFirst === descending),
  );
}

/** Whether every row that is asked for is in a partial index. */
const isImplied = ({ where }: Path, { byColumn }: Domains): boolean =>
  where.every(({ column, values }) => {
    const domain = byColumn.get(column);
    if (domain === undefined) return false;
    if (values === undefined) return domain.notNull;
    return domain.values?.every((value) => values.includes(value)) === true;
  });

const isSlice = (term: CatalogTerm, domains: Domains): boolean => locate([term], domains).kind === 'located';
