import type { Row } from '../change/change.ts';
import {
  type CaptureContext,
  encodeItemChange,
  encodeUnreadableItem,
  type ItemChange,
} from '../change/encode.ts';
import type { LogRecord } from '../change/envelope.ts';
import { PolystoreError } from '../errors.ts';
import type { Catalog, CatalogEntity, DynamodbTable } from '../model/index.ts';
import { decodeItemOf, type Image } from '../stores/dynamodb/item.ts';

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
}

export interface CaptureSettings {
  readonly catalog: Catalog;
  readonly table: DynamodbTable;
  readonly context: CaptureContext;
}

/** What a stream record means. */
export type Captured =
  | { readonly kind: 'record'; readonly record: LogRecord }
  /** Our own sweep of a tombstone. */
  | { readonly kind: 'sweep' }
  /** An item that no entity of this model owns. */
  | { readonly kind: 'foreign'; readonly entity: string | undefined };

/** Decides what one stream record becomes on the log. Never throws for what the record holds. */
export function planCapture(stream: StreamRecord, { catalog, table, context }: CaptureSettings): Captured {
  const { NewImage: after, OldImage: before, Keys: keys } = stream.dynamodb ?? {};
  const name = (after ?? before)?.[table.entityAttribute]?.S;
  const entity = catalog.entities.find(
    (candidate) => candidate.name === name && candidate.source.kind === 'dynamodb.source',
  );
  if (entity === undefined) return { kind: 'foreign', entity: name };
  const writtenAtMs = Math.round(
    (stream.dynamodb?.ApproximateCreationDateTime ?? context.nowMs / 1000) * 1000,
  );
  const common = { entity, table: table.name, writtenAtMs };
  try {
    const change = after === undefined ? removal(entity, before) : write(entity, { before, after });
    if (change === undefined) return { kind: 'sweep' };
    return { kind: 'record', record: encodeItemChange({ ...common, ...change }, context) };
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

function write(
  entity: CatalogEntity,
  { before, after }: { readonly before: Image | undefined; readonly after: Image },
): Change {
  const now = decodeItemOf(entity, after);
  const old = before === undefined ? undefined : readOld(entity, before);
  const { key, position } = now;
  return now.kind === 'row'
    ? { key, position, before: old, after: now.row }
    : { key, position, before: old ?? now.before, after: undefined };
}

/** @returns undefined for the sweep of a tombstone, which is ours. */
function removal(entity: CatalogEntity, before: Image | undefined): Change | undefined {
  const old = before === undefined ? undefined : decodeItemOf(entity, before);
  if (old?.kind !== 'row') return undefined;
  // Somebody else removed a live item: a delete that came right after the version it removed.
  return { key: old.key, before: old.row, after: undefined, position: old.position + 1n };
}

/** The image before only informs: what was unreadable then is no problem now. */
function readOld(entity: CatalogEntity, image: Image): Row | undefined {
  try {
    const old = decodeItemOf(entity, image);
    return old.kind === 'row' ? old.row : undefined;
  } catch (error) {
    if (error instanceof PolystoreError) return undefined;
    throw error;
  }
}
