import type { Key, Row } from '../change/change.ts';
import { type CaptureContext, encodeItemChange, encodeUnreadableItem } from '../change/encode.ts';
import type { LogRecord } from '../change/envelope.ts';
import { PolystoreError } from '../errors.ts';
import type { Catalog, CatalogEntity, DynamodbTable } from '../model/index.ts';

/** An attribute value as a stream record carries it: one member, named by its type. */
export type AttributeImage = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/** One record of a DynamoDB stream, as far as capture reads it. */
export interface StreamRecord {
  readonly eventName?: string | undefined;
  readonly dynamodb?:
    | {
        readonly Keys?: AttributeImage | undefined;
        readonly NewImage?: AttributeImage | undefined;
        readonly OldImage?: AttributeImage | undefined;
        readonly SequenceNumber?: string | undefined;
        /** Epoch seconds. */
        readonly ApproximateCreationDateTime?: number | undefined;
      }
    | undefined;
}

/** An item as its table's codec reads it. */
export interface CapturedItem {
  readonly entity: CatalogEntity;
  readonly key: Key;
  /** The item's version in microseconds. */
  readonly position: bigint;
  /** Undefined for a tombstone. */
  readonly row: Row | undefined;
}

/** Reads an item of a known entity. @throws PolystoreError when it is not as Polystore writes items. */
export type ReadItem = (image: AttributeImage) => CapturedItem;

/** What a stream record means. */
export type Captured =
  | { readonly kind: 'record'; readonly record: LogRecord }
  /** Our own sweep of a tombstone. */
  | { readonly kind: 'sweep' }
  /** An item that no entity of this model owns. */
  | { readonly kind: 'foreign'; readonly entity: string | undefined };

/** Decides what one stream record becomes on the log. Never throws for what the record holds. */
export function planCapture(
  stream: StreamRecord,
  read: ReadItem,
  {
    catalog,
    table,
    context,
  }: {
    readonly catalog: Catalog;
    readonly table: DynamodbTable;
    readonly context: CaptureContext;
  },
): Captured {
  const { NewImage: after, OldImage: before, Keys: keys } = stream.dynamodb ?? {};
  const image = after ?? before ?? {};
  const name = image[table.entityAttribute]?.S;
  const entity = catalog.entities.find(
    (candidate) => candidate.name === name && candidate.source.kind === 'dynamodb.source',
  );
  if (entity === undefined) return { kind: 'foreign', entity: typeof name === 'string' ? name : undefined };
  const writtenAtMs = Math.round(
    (stream.dynamodb?.ApproximateCreationDateTime ?? context.nowMs / 1000) * 1000,
  );
  const common = { entity, table: table.name, writtenAtMs };
  try {
    const old = before === undefined ? undefined : readOld(before, read, after !== undefined);
    if (after === undefined) {
      if (old === undefined || old.row === undefined) return { kind: 'sweep' };
      // Somebody else removed a live item: a delete that came right after the version it removed.
      const removed = { key: old.key, before: old.row, after: undefined, position: old.position + 1n };
      return { kind: 'record', record: encodeItemChange({ ...common, ...removed }, context) };
    }
    const now = read(after);
    const change = { key: now.key, before: old?.row, after: now.row, position: now.position };
    return { kind: 'record', record: encodeItemChange({ ...common, ...change }, context) };
  } catch (error) {
    if (!(error instanceof PolystoreError)) throw error;
    const itemKey = Object.fromEntries(
      Object.entries(keys ?? {}).map(([attribute, value]) => [attribute, String(value.S ?? value.N ?? '')]),
    );
    return {
      kind: 'record',
      record: encodeUnreadableItem({ ...common, itemKey, problem: error.message }, context),
    };
  }
}

/** The image before only informs when there is one after: what was unreadable then is no problem now. */
function readOld(image: AttributeImage, read: ReadItem, informs: boolean): CapturedItem | undefined {
  try {
    return read(image);
  } catch (error) {
    if (informs && error instanceof PolystoreError) return undefined;
    throw error;
  }
}
