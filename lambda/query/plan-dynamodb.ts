import {
  type CatalogEntity,
  columnOf,
  type DynamodbSourcePlacement,
  type KeyTemplate,
  onceFor,
  templateColumns,
} from '../model/index.ts';
import type { Asked } from './asked.ts';
import { limits } from './limits.ts';
import {
  type Candidate,
  costs,
  type PlanContext,
  readsMoreThanItAnswers,
  sayAbsent,
  sourcePlacement,
} from './plan.ts';
import { planSlices } from './plan-slices.ts';
import { type Prospect, prospect } from './ranking.ts';
import type { SimpleSelect } from './select-shape.ts';
import { candidateOf } from './selection.ts';

/** The table and its indexes, for a select over an entity that DynamoDB is the source of. */
export const dynamodbProspects = (asked: Asked<SimpleSelect>, context: PlanContext): readonly Prospect[] => [
  prospect(costs.dynamodbKey, () => [planKeys(asked)]),
  ...collectionsOf(asked.select.entity).map((collection) =>
    prospect(collection.cost, () => [planSlice(collection, asked, context)]),
  ),
  ...(context.scan === 'allowed' ? [prospect(costs.scan, () => [planScan(asked, context)])] : []),
];

const collectionsOf = onceFor((entity: CatalogEntity) =>
  entity.source.kind === 'dynamodb.source' ? createCollections(entity, entity.source) : [],
);

function createCollections(entity: CatalogEntity, source: DynamodbSourcePlacement): readonly Collection[] {
  const table: Collection = {
    index: undefined,
    name: `${entity.name}.source`,
    partitionColumns: templateColumns(source.partitionKey),
    sort: templateSort(entity, source.sortKey),
    sortColumns: templateColumns(source.sortKey),
    columns: undefined,
    partitions: 1,
    cost: costs.dynamodbSlice,
    consistent: true,
  };
  const locals = source.localIndexes.map(
    (index): Collection => ({
      index: index.name,
      name: `${entity.name}.source.${index.name}`,
      partitionColumns: templateColumns(source.partitionKey),
      sort: attributeSort(entity, index.sortKeyColumn),
      sortColumns: [index.sortKeyColumn],
      columns: index.columns,
      partitions: 1,
      cost: costs.dynamodbLocalIndex,
      consistent: true,
    }),
  );
  const globals = source.indexes.map(
    (index): Collection => ({
      index: index.name,
      name: `${entity.name}.source.${index.name}`,
      partitionColumns: templateColumns(index.partitionKey),
      sort: templateSort(entity, index.sortKey),
      sortColumns: templateColumns(index.sortKey),
      columns: index.columns,
      partitions: index.spread,
      cost: costs.dynamodbIndex,
      consistent: false,
    }),
  );
  return [table, ...locals, ...globals];
}

/** All of the table, where somebody allowed it: whatever lies in it is gone through, and paid for. */
function planScan({ select }: Asked<SimpleSelect>, context: PlanContext): Candidate {
  const { entity } = select;
  const offer = {
    why: `every item of the table is read, those of other entities too, and ${entity.name}'s are held to the conditions`,
    cost: costs.scan,
  };
  return candidateOf(
    select,
    {
      ...{ placement: `${entity.name}.source`, engine: 'dynamodb', target: sourcePlacement(entity) },
      ...{ token: 'source', stopsAtLimit: false, pages: true, scans: true, rows: offer, groups: offer },
    },
    context,
  );
}

/** An item collection: of the table or of an index. */
interface Collection {
  readonly index: string | undefined;
  readonly name: string;
  readonly partitionColumns: readonly string[];
  /** The column whose order the collection has, if it is one. */
  readonly sort: string | undefined;
  /** Columns without which a row is not in the collection. */
  readonly sortColumns: readonly string[];
  /** Those that it holds; undefined: all. */
  readonly columns: readonly string[] | undefined;
  readonly partitions: number;
  readonly cost: number;
  /** The table and its local indexes can be read consistently; a global index follows. */
  readonly consistent: boolean;
}

/**
 * A sort key of text and one column at its end is in the order of that column when the column's
 * values have texts of one width: times and dates. `10` sorts before `9`, and texts are escaped.
 */
function templateSort(entity: CatalogEntity, template: KeyTemplate): string | undefined {
  const last = template.at(-1);
  const [column, ...more] = templateColumns(template);
  if (column === undefined || more.length > 0 || last === undefined || !('column' in last)) return undefined;
  return ['timestamp', 'date'].includes(columnOf(entity, column).type.kind) ? column : undefined;
}

/** A local index sorts by an attribute of the column's own type: numbers by size, texts by code point. */
function attributeSort(entity: CatalogEntity, column: string): string | undefined {
  const { kind } = columnOf(entity, column).type;
  return ['integer', 'bigint', 'timestamp', 'date', 'text', 'oneOf'].includes(kind) ? column : undefined;
}

function planKeys({ select, keys }: Asked<SimpleSelect>): Candidate {
  const { entity } = select;
  const base = { placement: `${entity.name}.source`, engine: 'dynamodb' } as const;
  if (keys === undefined)
    return {
      ...base,
      qualifies: false,
      why: `a key look-up needs = or in on the whole key (${entity.key.join(', ')}), ${limits.keys} keys at most`,
    };
  return {
    ...base,
    qualifies: true,
    kind: 'key look-up',
    why: `the whole key is given: ${keys.length} item(s), read consistently from the source`,
    cost: costs.dynamodbKey,
    estimatedReads: keys.length,
    route: {
      kind: 'native',
      select,
      placement: sourcePlacement(entity),
      fragments: [{ kind: 'keys', placement: sourcePlacement(entity), keys }],
      enough: undefined,
      token: 'source',
    },
  };
}

function planSlice(
  collection: Collection,
  { select, domains, needed }: Asked<SimpleSelect>,
  context: PlanContext,
): Candidate {
  const { entity } = select;
  const base = { placement: collection.name, engine: 'dynamodb' } as const;
  const refused = (why: string): Candidate => ({ ...base, qualifies: false, why });
  if (collection.index !== undefined && context.unreadyIndexes.has(collection.index))
    return refused('the index is being made, and does not hold all rows yet');
  if (!collection.consistent && context.freshness === 'strong')
    return refused('a global index follows its table: freshness 0 wants the table');
  const lack = collection.columns && sayAbsent(collection.columns, needed);
  if (lack !== undefined) return refused(lack);
  const slices = planSlices(
    {
      placement: sourcePlacement(entity),
      index: collection.index,
      terms: collection.partitionColumns.map((column) => ({ column, unit: 'value' })),
      sort: collection.sort,
      present: collection.sortColumns,
    },
    select,
    domains,
    context,
  );
  if (slices.kind === 'unlocated') return refused(slices.why);
  const missing = collection.sortColumns.find(
    (column) => columnOf(entity, column).optional && domains.byColumn.get(column)?.notNull !== true,
  );
  if (missing !== undefined)
    return refused(`rows without ${missing} are not in it; add: ${missing} is not null`);

  if (
    collection.index !== undefined &&
    collection.sort === undefined &&
    collection.sortColumns.some((column) => ['float', 'decimal'].includes(columnOf(entity, column).type.kind))
  )
    return refused('values outside the range of DynamoDB’s numbers are not in it');

  const { fragments, enough, narrow, rowsEach } = slices;
  const count = fragments.length * collection.partitions;
  return {
    ...base,
    qualifies: true,
    kind: collection.index === undefined ? 'slice' : 'index slice',
    why: `${collection.partitionColumns.join(', ')} give ${count} partition(s)${
      narrow ? ', of which a part is read' : ''
    }${collection.consistent ? ', consistently' : ''}`,
    cost: collection.cost + (narrow ? 0 : readsMoreThanItAnswers),
    estimatedReads: rowsEach === undefined ? undefined : rowsEach * count,
    route: {
      kind: 'native',
      select,
      placement: sourcePlacement(entity),
      fragments,
      enough,
      token: collection.consistent ? 'source' : 'lay-over',
    },
  };
}
