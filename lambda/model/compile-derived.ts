import type {
  ArchivePlacement,
  CatalogMetric,
  CatalogTerm,
  KeyspacesRollupPlacement,
  KeyspacesTablePlacement,
  OpensearchIndexPlacement,
  OpensearchLogPlacement,
} from './catalog.ts';
import {
  type ArchiveView,
  analyzers,
  day,
  type KeyspacesRollupView,
  type KeyspacesTableView,
  type Metric,
  type OpensearchIndexView,
  type OpensearchLogView,
} from './language.ts';
import type { ViewContext } from './view-context.ts';

/** What Keyspaces writes to one partition in a second (its quota for writes of up to 1 KB). */
const partitionWritesPerSecond = 1000;
/** A reader asks every sub-bucket. */
const maxSubBuckets = 64;

export function compileKeyspacesTable(
  view: KeyspacesTableView,
  context: ViewContext,
): KeyspacesTablePlacement {
  const { name, where, problems, resolve, columns } = context;
  const by = view.by.map((declared) => context.term(declared, 'by', 'sparse'));
  context.tenantLeads(by, 'by');
  const order = resolve(view.orderBy.field, `views.${name}.orderBy`);
  const found = columns.find((column) => column.name === order);
  if (found !== undefined && (!found.immutable || found.optional))
    problems.add(
      `${where}.orderBy`,
      `orders rows by '${view.orderBy.field}', which ${found.optional ? 'is optional' : 'may change, so a row would move and leave its old self behind'}`,
      'order by a key field, or by one that is .immutable() and always there',
    );
  if (found !== undefined && ['json', 'bytes', 'boolean', 'float', 'decimal'].includes(found.type.kind))
    problems.add(
      `${where}.orderBy`,
      `orders rows by '${view.orderBy.field}' of type ${found.type.kind}`,
      'use text, oneOf, integer, bigint, timestamp or date',
    );
  const held = context.held(view.fields);
  for (const column of [order, ...by.map((term) => term.column)]) {
    if (!held.includes(column))
      problems.add(`${where}.fields`, `leaves out '${column}', by which rows are found`, 'add it');
  }
  return {
    kind: view.kind,
    name,
    columns: held,
    expire: context.expiry(view.expire),
    by,
    order: { column: order, descending: view.orderBy.descending },
    subBuckets: subBucketsOf(view, context),
  };
}

/**
 * The partitions that one partition is parted into: the entity's peak rate, times the share of it that
 * the busiest partition takes, over what Keyspaces writes to a partition in a second.
 */
function subBucketsOf(view: KeyspacesTableView, { definition, where, problems }: ViewContext): number {
  const share = view.busiestShare ?? 1;
  if (!(share > 0 && share <= 1))
    problems.add(`${where}.busiestShare`, `is ${share}`, 'use a part of 1, above 0');
  const writes = (definition.rate?.changesPerSecond ?? 0) * share;
  const buckets = Math.max(1, Math.ceil(writes / partitionWritesPerSecond));
  if (buckets > maxSubBuckets)
    problems.add(
      `${where}.by`,
      `would write ${writes} rows a second to one partition, of which ${maxSubBuckets} sub-buckets take ${maxSubBuckets * partitionWritesPerSecond}`,
      'place rows by one more field, or declare the busiestShare of a partition',
    );
  return buckets;
}

export function compileRollup(view: KeyspacesRollupView, context: ViewContext): KeyspacesRollupPlacement {
  const { name, where, problems, definition, tenant } = context;
  const bucket = context.term(view.bucket, 'bucket');
  if (bucket.unit !== 'hour')
    problems.add(`${where}.bucket`, `is a ${bucket.unit}`, 'use hour(…): buckets are kept by the hour');
  if (context.typeOf(bucket.column) === 'date')
    problems.add(
      `${where}.bucket`,
      `takes the hour of '${view.bucket.field}', which is a date`,
      'use a timestamp',
    );
  const from = definition.views[view.from];
  const tables = Object.entries(definition.views).flatMap(([other, { kind }]) =>
    kind === 'keyspaces.table' ? [other] : [],
  );
  if (from?.kind !== 'keyspaces.table') {
    problems.add(
      `${where}.from`,
      `is '${view.from}', which is no keyspaces.table of the entity`,
      `use ${tables.join(' or ') || 'a keyspaces.table view, and declare one'}`,
    );
  } else {
    if (from.expire !== undefined)
      problems.add(
        `${where}.from`,
        `is '${view.from}', whose rows expire, and a bucket that is worked out later would lose what is gone`,
        `leave expire out of '${view.from}', or keep another table for the rollup`,
      );
    const expected = [...(tenant === undefined ? [] : [`the tenant '${tenant}'`]), `the bucket`];
    const terms = from.by.map((declared) => (typeof declared === 'string' ? declared : declared.field));
    const last = from.by.at(-1);
    const isBucket =
      typeof last === 'object' && last.field === view.bucket.field && last.unit === view.bucket.unit;
    if (!isBucket || terms.length !== expected.length)
      problems.add(
        `${where}.from`,
        `is '${view.from}', whose partitions are by ${terms.join(', ')}`,
        `a bucket is worked out from one partition: place the rows of '${view.from}' by ${expected.join(' and ')}`,
      );
  }
  const metrics = Object.entries(view.metrics).map(([metric, declared]) =>
    compileMetric(metric, declared, view, context),
  );
  if (metrics.length === 0) problems.add(`${where}.metrics`, 'names no metric', 'declare at least one');
  return {
    kind: view.kind,
    name,
    columns: [],
    expire: undefined,
    from: view.from,
    bucket,
    metrics,
  };
}

function compileMetric(
  name: string,
  { field, where: values }: Metric,
  { from }: KeyspacesRollupView,
  { name: view, where, problems, resolve, typeOf, definition, columns }: ViewContext,
): CatalogMetric {
  const part = `views.${view}.metrics.${name}`;
  if (!/^[a-z][a-zA-Z0-9]*$/.test(name))
    problems.add(`${where}.metrics.${name}`, 'is not camelCase', 'start with a-z and use letters and digits');
  const column = field === undefined ? undefined : resolve(field, part);
  const type = column === undefined ? undefined : typeOf(column);
  if (type !== undefined && type !== 'integer')
    problems.add(
      `${where}.metrics.${name}`,
      `measures '${field}' of type ${type}`,
      'measure an integer: its sums are exact in any order',
    );
  const base = definition.views[from];
  const kept = base?.kind === 'keyspaces.table' ? base.fields : undefined;
  const used = [...(field === undefined ? [] : [field]), ...Object.keys(values)];
  for (const each of used) {
    if (kept !== undefined && !kept.includes(each) && !definition.key.includes(each))
      problems.add(
        `${where}.metrics.${name}`,
        `uses '${each}', which '${from}' does not hold`,
        `add it to the fields of '${from}'`,
      );
  }
  return {
    name,
    column,
    where: Object.entries(values).map(([each, value]) => {
      const resolved = resolve(each, part);
      const declared = columns.find((candidate) => candidate.name === resolved)?.type;
      if (declared?.kind === 'oneOf' && !declared.values.includes(String(value)))
        problems.add(
          `${where}.metrics.${name}`,
          `counts rows whose ${each} is '${String(value)}', which it never is`,
          `use one of ${declared.values.join(', ')}`,
        );
      return { column: resolved, value };
    }),
  };
}

export function compileSearch(
  view: OpensearchIndexView | OpensearchLogView,
  context: ViewContext,
): OpensearchIndexPlacement | OpensearchLogPlacement {
  const { name, where, problems, resolve, typeOf } = context;
  const declared: Readonly<Record<string, string>> = Array.isArray(view.text)
    ? Object.fromEntries(view.text.map((field: string) => [field, 'standard']))
    : // What is no list is a record of analyzers by field.
      ((view.text ?? {}) as Readonly<Record<string, string>>);
  const columns = context.held(view.fields);
  const text = Object.entries(declared).map(([field, named]) => {
    const column = resolve(field, `views.${name}.text`);
    const type = typeOf(column);
    if (type !== undefined && type !== 'text' && type !== 'oneOf')
      problems.add(`${where}.text`, `searches '${field}' of type ${type} as text`, 'use a text');
    if (!columns.includes(column)) problems.add(`${where}.fields`, `leaves out '${field}'`, 'add it');
    const analyzer = analyzers.find((candidate) => candidate === named);
    if (analyzer === undefined)
      problems.add(`${where}.text.${field}`, `has the analyzer '${named}'`, `use ${analyzers.join(', ')}`);
    return { column, analyzer: analyzer ?? 'standard' };
  });
  if (view.kind === 'opensearch.index') {
    const shards = view.shards ?? 1;
    if (!Number.isInteger(shards) || shards < 1 || shards > 1024)
      problems.add(`${where}.shards`, `is ${shards}`, 'use a whole number from 1 to 1024');
    return { kind: view.kind, name, columns, expire: undefined, text, shards };
  }
  const expire = context.expiry({ field: view.at, afterMs: view.keep });
  return { kind: view.kind, name, columns, expire, text, by: [dayOf(view.at, 'at', context)] };
}

export function compileArchive(view: ArchiveView, context: ViewContext): ArchivePlacement {
  const { name, where, problems } = context;
  if (view.partitionBy.unit !== 'day')
    problems.add(
      `${where}.partitionBy`,
      `partitions by ${view.partitionBy.unit}`,
      'use day(…): a folder is a day',
    );
  return {
    kind: view.kind,
    name,
    columns: context.held(undefined),
    expire: undefined,
    by: [dayOf(view.partitionBy.field, 'partitionBy', context)],
  };
}

const dayOf = (field: string, part: string, { term }: ViewContext): CatalogTerm => term(day(field), part);
