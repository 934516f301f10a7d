import type { AttributeValue, QueryCommandInput } from '@aws-sdk/client-dynamodb';
import {
  type CatalogColumn,
  columnOf,
  escapeKeyText,
  type KeyTemplate,
  renderKey,
} from '../../model/index.ts';
import type { SliceShape } from '../slice.ts';
import type { SliceFragment } from '../store.ts';
import { compareValues } from '../value-order.ts';
import { encodeAttribute } from './attribute.ts';
import { sourceOf } from './item.ts';

/** The last character of Unicode: a text with it at its end is after all texts with the same start. */
const last = '\u{10FFFF}';

export interface QueryPlan {
  /** One for each partition that the slice is spread over. */
  readonly queries: readonly QueryCommandInput[];
  /**
   * Whether DynamoDB returns each query's rows in the order of the sort column. If not, the whole
   * partition is read and sorted here.
   */
  readonly ordered: boolean;
}

/** The queries that a slice needs. */
export function planQuery(fragment: SliceFragment, shape: SliceShape, tableName: string): QueryPlan {
  const { placement, index } = fragment;
  const source = sourceOf(placement.entity);
  const local = source.localIndexes.find(({ name }) => name === index);
  const global = source.indexes.find(({ name }) => name === index);
  const range =
    local === undefined
      ? textRange(fragment, shape, global?.sortKey ?? source.sortKey)
      : columnRange(fragment, columnOf(placement.entity, local.sortKeyColumn));
  const attributes =
    global === undefined
      ? { pk: 'pk', sk: local?.sortKeyColumn ?? 'sk' }
      : { pk: `${global.name}_pk`, sk: `${global.name}_sk` };
  // sliceShape has shown that `equal` has every column of the partition key.
  const partition = renderKey(global?.partitionKey ?? source.partitionKey, fragment.equal) ?? '';
  const spread = global?.spread ?? 1;
  const partitions =
    spread === 1 ? [partition] : Array.from({ length: spread }, (_, number) => `${partition}#${number}`);

  const queries = partitions.map(
    (pk): QueryCommandInput => ({
      TableName: tableName,
      ...(index === undefined ? {} : { IndexName: index }),
      // A global index cannot be read consistently; the table and its local indexes are.
      ...(global === undefined ? { ConsistentRead: true } : {}),
      KeyConditionExpression: ['#pk = :pk', ...range.conditions].join(' AND '),
      FilterExpression: '#entity = :entity AND attribute_not_exists(#deleted)',
      ExpressionAttributeNames: {
        '#pk': attributes.pk,
        '#entity': 'entity',
        '#deleted': 'deleted',
        ...(range.conditions.length === 0 ? {} : { '#sk': attributes.sk }),
      },
      ExpressionAttributeValues: {
        ':pk': { S: pk },
        ':entity': { S: placement.entity.name },
        ...range.values,
      },
      ScanIndexForward: fragment.order === 'ascending',
    }),
  );
  return { queries, ordered: range.ordered };
}

interface Range {
  readonly conditions: readonly string[];
  readonly values: Record<string, AttributeValue>;
  readonly ordered: boolean;
}

/** A sort key that is a text made of text and columns. */
function textRange(fragment: SliceFragment, shape: SliceShape, template: KeyTemplate): Range {
  let prefix = '';
  let rest: KeyTemplate = [];
  for (const [position, part] of template.entries()) {
    const value = 'text' in part ? part.text : fragment.equal[part.column];
    if (value === undefined || value === null) {
      rest = template.slice(position + 1);
      break;
    }
    prefix += 'text' in part ? part.text : escapeKeyText(String(value));
  }
  // Only texts of one length sort as their values do: `10` is before `9`, and an escaped sign moves.
  const ordered = shape.sort.every(({ type }) => type.kind === 'timestamp' || type.kind === 'date');
  const bounds = ordered && shape.sort.length > 0;
  const low = prefix + (bounds && fragment.from !== undefined ? String(fragment.from) : '');
  const high =
    bounds && fragment.to !== undefined
      ? `${prefix}${String(fragment.to)}${rest.length > 0 ? last : ''}`
      : shape.sort.length === 0
        ? prefix
        : prefix + last;
  // A key condition takes no empty text, and nothing is below it anyway.
  if (low === '') return { conditions: ['#sk <= :high'], values: { ':high': { S: high } }, ordered };
  return {
    conditions: ['#sk BETWEEN :low AND :high'],
    values: { ':low': { S: low }, ':high': { S: high } },
    ordered,
  };
}

/** A sort key that is a column with its own type, as a local index has. */
function columnRange({ from, to }: SliceFragment, column: CatalogColumn): Range {
  const low = from === undefined || from === null ? undefined : encodeAttribute(column.type, from);
  const high = to === undefined || to === null ? undefined : encodeAttribute(column.type, to);
  if (low !== undefined && high !== undefined)
    return {
      conditions: ['#sk BETWEEN :low AND :high'],
      values: { ':low': low, ':high': high },
      ordered: true,
    };
  if (low !== undefined) return { conditions: ['#sk >= :low'], values: { ':low': low }, ordered: true };
  if (high !== undefined) return { conditions: ['#sk <= :high'], values: { ':high': high }, ordered: true };
  return { conditions: [], values: {}, ordered: true };
}

/** A slice whose lower bound is above its upper one; DynamoDB would refuse it as malformed. */
export function isEmptyRange({ from, to }: SliceFragment, [first]: SliceShape['sort']): boolean {
  return (
    first !== undefined && from !== undefined && to !== undefined && compareValues(first.type, from, to) > 0
  );
}
