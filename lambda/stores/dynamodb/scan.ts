import { type DynamoDBClient, ScanCommand, type ScanCommandInput } from '@aws-sdk/client-dynamodb';
import { PolystoreError } from '../../errors.ts';
import type { CatalogEntity } from '../../model/index.ts';
import type { Item } from './item.ts';

/**
 * How far a scan of the table has got. The table is parted into as many segments as there are members, which
 * are read side by side.
 */
export type ScanPosition = readonly SegmentPosition[];
/** The primary key of the last item that was read, or that nothing was, or all. */
export type SegmentPosition = { readonly pk: string; readonly sk: string } | 'start' | 'end';

/** Most segments of a table (docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_Scan.html). */
const maxSegments = 1_000_000;

/** A scan that begins. @param segments a whole number, at least 1 */
export const beginScan = (segments: number): ScanPosition => Array.from({ length: segments }, () => 'start');

/** For the one who goes on; undefined when everything was read. */
export const renderPosition = (position: ScanPosition): string | undefined =>
  position.every((segment) => segment === 'end')
    ? undefined
    : JSON.stringify(
        position.map((segment) => (typeof segment === 'string' ? segment : [segment.pk, segment.sk])),
      );

/** @throws PolystoreError `invalid_request` for a text that no page gave. */
export function parsePosition(text: string): ScanPosition {
  const parsed: unknown = parseJson(text);
  if (!Array.isArray(parsed) || parsed.length === 0 || parsed.length > maxSegments) throw noPosition(text);
  return parsed.map((segment: unknown): SegmentPosition => {
    if (segment === 'start' || segment === 'end') return segment;
    if (!Array.isArray(segment)) throw noPosition(text);
    const [pk, sk]: unknown[] = segment;
    if (typeof pk !== 'string' || typeof sk !== 'string') throw noPosition(text);
    return { pk, sk };
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw noPosition(text);
  }
}

const noPosition = (text: string): PolystoreError =>
  new PolystoreError(
    'invalid_request',
    `'${text.slice(0, 80)}' is not where a page of a DynamoDB table ended; give the 'next' of the page before, or nothing to begin.`,
  );

/** One request for some items; undefined where the segment has no more. */
function planScan(
  { tableName, entities, limit }: ScanOptions,
  position: ScanPosition,
  segment: number,
): ScanCommandInput | undefined {
  const at = position[segment];
  if (at === undefined || at === 'end') return undefined;
  return {
    TableName: tableName,
    ConsistentRead: true,
    Segment: segment,
    TotalSegments: position.length,
    // Items that are gone through, of whatever entity: DynamoDB filters after it has read.
    Limit: Math.max(1, Math.ceil(limit / position.length)),
    FilterExpression: `#entity IN (${entities.map((_, at) => `:entity${at}`).join(', ')})`,
    ExpressionAttributeNames: { '#entity': 'entity' },
    ExpressionAttributeValues: Object.fromEntries(
      entities.map(({ name }, at) => [`:entity${at}`, { S: name }]),
    ),
    ...(at === 'start' ? {} : { ExclusiveStartKey: { pk: { S: at.pk }, sk: { S: at.sk } } }),
  };
}

export interface ScanOptions {
  readonly tableName: string;
  /** Whose items; at most 100, which is what DynamoDB compares with. */
  readonly entities: readonly CatalogEntity[];
  /** About how many items to go through, over all segments. */
  readonly limit: number;
}

export interface ItemPage {
  readonly items: readonly Item[];
  readonly position: ScanPosition;
}

/** One page of items, tombstones included, read consistently from all segments side by side. */
export async function scanItems(
  client: DynamoDBClient,
  options: ScanOptions,
  position: ScanPosition,
): Promise<ItemPage> {
  const parts = await Promise.all(
    position.map(async (at, segment) => {
      const request = planScan(options, position, segment);
      if (request === undefined) return { items: [], at };
      const { Items = [], LastEvaluatedKey: last } = await client.send(new ScanCommand(request));
      const { pk, sk } = last ?? {};
      const next: SegmentPosition =
        pk?.S === undefined || sk?.S === undefined ? 'end' : { pk: pk.S, sk: sk.S };
      return { items: Items, at: next };
    }),
  );
  return { items: parts.flatMap(({ items }) => items), position: parts.map(({ at }) => at) };
}

/**
 * About the bytes of an item: names and values, as DynamoDB counts an item's size
 * (docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html).
 */
export const itemBytes = (item: Item): number =>
  Object.entries(item).reduce(
    (sum, [name, { S, N }]) => sum + name.length + Buffer.byteLength(S ?? N ?? ' '),
    0,
  );
