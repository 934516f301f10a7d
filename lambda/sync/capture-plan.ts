import { isDeepStrictEqual } from 'node:util';
import type { Key } from '../change/change.ts';
import {
  type CaptureContext,
  encodeItemChange,
  encodeUnreadableItem,
  type ItemChange,
} from '../change/encode.ts';
import type { LogRecord } from '../change/envelope.ts';
import { PolystoreError } from '../errors.ts';
import type { Catalog, CatalogEntity, DynamodbTable } from '../model/index.ts';
import { type DecodedItem, decodeItemOf, type Image, type RemovedItem } from '../stores/dynamodb/index.ts';

/** One record of a DynamoDB stream, as far as capture reads it. */
export interface StreamRecord {
  readonly eventName?: string | undefined;
  readonly dynamodb?:
    | {
        readonly Keys?: Image | undefined;
        readonly NewImage?: Image | undefined;
        readonly OldImage?: Image | undefined;
        readonly SequenceNumber?: string | undefined;
        /** Epoch seconds. */
        readonly ApproximateCreationDateTime?: number | undefined;
      }
    | undefined;
  /** Who removed an item, where that was the service itself: TTL. */
  readonly userIdentity?:
    | { readonly principalId?: string | undefined; readonly type?: string | undefined }
    | null
    | undefined;
}

export interface CaptureSettings {
  readonly catalog: Catalog;
  readonly table: DynamodbTable;
  readonly context: CaptureContext;
}

/** What a stream record means. */
export type Captured =
  | {
      readonly kind: 'record';
      readonly record: LogRecord;
      /** An item that somebody else took away: a tombstone belongs in its place. */
      readonly removed?: RemovedItem;
    }
  /** Our own sweep of a tombstone, by TTL. */
  | { readonly kind: 'sweep' }
  /** The row as it was, at the version that it was: keys of an index were put beside it. */
  | { readonly kind: 'unchanged' }
  /** An item that no entity of this model owns. */
  | { readonly kind: 'foreign'; readonly entity: string | undefined };

/** Decides what one stream record becomes on the log. Never throws for what the record holds. */
export function planCapture(stream: StreamRecord, { catalog, table, context }: CaptureSettings): Captured {
  const { NewImage: after, OldImage: before, Keys: keys } = stream.dynamodb ?? {};
  const image = after ?? before;
  const name = image?.[table.entityAttribute]?.S;
  const entity = catalog.entities.find(
    (candidate) => candidate.name === name && candidate.source.kind === 'dynamodb.source',
  );
  if (entity === undefined || image === undefined) return { kind: 'foreign', entity: name };
  const writtenAtMs = Math.round(
    (stream.dynamodb?.ApproximateCreationDateTime ?? context.nowMs / 1000) * 1000,
  );
  const common = { entity, table: table.name, writtenAtMs };
  try {
    if (after !== undefined) {
      const now = decodeItemOf(entity, after);
      const old = before === undefined ? undefined : readOld(entity, before);
      if (old !== undefined && isDeepStrictEqual(old, now)) return { kind: 'unchanged' };
      return {
        kind: 'record',
        record: encodeItemChange({ ...common, ...write(now, old) }, context),
      };
    }
    const removed = removal(entity, image, isByTtl(stream));
    if (removed === undefined) return { kind: 'sweep' };
    const { key, position, row } = removed;
    return {
      kind: 'record',
      record: encodeItemChange({ ...common, key, position, before: row, after: undefined }, context),
      removed,
    };
  } catch (error) {
    if (!(error instanceof PolystoreError)) throw error;
    const itemKey = Object.fromEntries(
      Object.entries(keys ?? {}).map(([attribute, value]) => [attribute, value.S ?? value.N ?? '']),
    );
    return {
      kind: 'record',
      record: encodeUnreadableItem({ ...common, itemKey, problem: error.message }, context),
    };
  }
}

type Change = Pick<ItemChange, 'key' | 'before' | 'after' | 'position'>;

function write(now: DecodedItem, old: DecodedItem | undefined): Change {
  const { key, position } = now;
  const before = old?.kind === 'row' ? old.row : undefined;
  return now.kind === 'row'
    ? { key, position, before, after: now.row }
    : { key, position, before: before ?? now.before, after: undefined };
}

/**
 * What was removed, as a delete that came right after the version that was there. A live item may have
 * been removed by anybody, TTL among them where the item was given one; a tombstone goes by TTL when
 * nothing can come again that it must hide, and anybody else has taken it away too early.
 *
 * @returns undefined for the sweep of a tombstone, which is ours.
 */
function removal(
  entity: CatalogEntity,
  before: Image,
  byTtl: boolean,
): (RemovedItem & { readonly key: Key }) | undefined {
  const old = decodeItemOf(entity, before);
  if (old.kind === 'tombstone' && byTtl) return undefined;
  const row = old.kind === 'row' ? old.row : old.before;
  return { entity, key: old.key, row, position: old.position + 1n };
}

/** TTL removes items in the name of the service (docs.aws.amazon.com/amazondynamodb, "DynamoDB Streams and Time to Live"). */
const isByTtl = ({ userIdentity }: StreamRecord): boolean =>
  userIdentity?.type === 'Service' && userIdentity.principalId === 'dynamodb.amazonaws.com';

/** The image before only informs: what was unreadable then is no problem now. */
function readOld(entity: CatalogEntity, image: Image): DecodedItem | undefined {
  try {
    return decodeItemOf(entity, image);
  } catch (error) {
    if (error instanceof PolystoreError) return undefined;
    throw error;
  }
}
