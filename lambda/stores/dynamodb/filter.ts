import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { createVersion } from '../../change/version.ts';
import { filterOrder } from '../arrange.ts';
import { notFiltered } from '../placement.ts';
import { createPredicate } from '../predicate.ts';
import type { FilterFragment, VersionedRow } from '../store.ts';
import { decodeItemOf } from './item.ts';
import { beginScan, type ScanPosition, scanItems } from './scan.ts';

/**
 * The rows that meet the conditions of a filter, for which every item of the table is read, and paid for. After each
 * part of the table there is a page, if an empty one, so that whoever has waited long enough can stop it. Each item is
 * read consistently, but not all of one moment: DynamoDB has no snapshot to scan. Rows in an order come when the whole
 * table has been gone through; no more of them are held than twice the limit and a page.
 *
 * @throws PolystoreError `not_supported` for a filter that matches words or orders by how well they match.
 */
export async function* filterPages(
  client: DynamoDBClient,
  fragment: FilterFragment,
  options: {
    readonly tableName: string;
    readonly segments: number;
    readonly pageItems: number;
    readonly generation: number;
  },
): AsyncGenerator<readonly VersionedRow[], void, undefined> {
  const { placement, where, match, order, limit } = fragment;
  if (match.length > 0 || order === 'score') throw notFiltered('The DynamoDB store', placement);
  const { entity } = placement;
  const { tableName, segments, pageItems, generation } = options;
  const meets = createPredicate({ kind: 'and', of: where });
  const scan = { tableName, entities: [entity], limit: pageItems };
  // Without an order rows are given as they come.
  const inOrder = order.length === 0 ? undefined : filterOrder(order);
  let first: VersionedRow[] = [];
  let left = limit;
  let position: ScanPosition = beginScan(segments);
  while (left > 0 && !isDone(position)) {
    const page = await scanItems(client, scan, position);
    position = page.position;
    const rows = page.items.flatMap((image): VersionedRow[] => {
      const item = decodeItemOf(entity, image);
      if (item.kind !== 'row' || meets(item.row) !== true) return [];
      return [{ row: item.row, version: createVersion(generation, item.position) }];
    });
    if (inOrder === undefined) {
      yield rows.slice(0, left);
      left -= rows.length;
      continue;
    }
    first.push(...rows);
    if (first.length > 2 * limit) first = first.sort(inOrder).slice(0, limit);
    yield [];
  }
  if (inOrder !== undefined) yield first.sort(inOrder).slice(0, limit);
}

const isDone = (position: ScanPosition): boolean => position.every((segment) => segment === 'end');
