import { type CatalogEntity, logLimits } from '../model/index.ts';
import type { Change, Key, Row } from './change.ts';
import { connectors, type Envelope, headerNames, type LogRecord, schemaVersion } from './envelope.ts';
import { generationOf, positionOf } from './version.ts';

/** The largest record that Polystore writes, value and key together, in bytes. */
export const maxRecordBytes = logLimits.recordBytes;

/** One change of an item, as capture saw it. */
export interface ItemChange {
  readonly entity: CatalogEntity;
  readonly key: Key;
  /** Undefined when there was no row before. For a delete at least its key and immutable columns. */
  readonly before: Row | undefined;
  /** Undefined when the row was deleted. */
  readonly after: Row | undefined;
  /** The item's version in microseconds. */
  readonly position: bigint;
  readonly table: string;
  readonly writtenAtMs: number;
}

export interface CaptureContext {
  readonly generation: number;
  readonly nowMs: number;
}

/** The log record of a DynamoDB item's change. */
export function encodeItemChange(change: ItemChange, context: CaptureContext): LogRecord {
  const { entity, key, before, after } = change;
  const envelope: Envelope = {
    before: before ?? null,
    after: after ?? null,
    op: after === undefined ? 'd' : before === undefined ? 'c' : 'u',
    source: {
      connector: connectors.dynamodb,
      table: change.table,
      position: change.position.toString(),
      ts_ms: change.writtenAtMs,
    },
    ts_ms: context.nowMs,
  };
  return bounded(entity, key, envelope, context.generation);
}

/** An item that is of this entity and cannot be read: its record becomes a dead letter at every reader. */
export function encodeUnreadableItem(
  item: {
    readonly entity: CatalogEntity;
    /** The item's primary key, which is all that is known. */
    readonly itemKey: Readonly<Record<string, string>>;
    readonly problem: string;
    readonly table: string;
    readonly writtenAtMs: number;
  },
  context: CaptureContext,
): LogRecord {
  const envelope: Envelope = {
    before: null,
    after: null,
    op: 'u',
    source: {
      connector: connectors.dynamodb,
      table: item.table,
      position: '0',
      ts_ms: item.writtenAtMs,
      problem: item.problem,
    },
    ts_ms: context.nowMs,
  };
  return bounded(item.entity, item.itemKey, envelope, context.generation);
}

/**
 * The log record of a change whose version is known already, generation included.
 * @param nowMs milliseconds since the epoch
 */
export function encodeChange(entity: CatalogEntity, change: Change, nowMs: number): LogRecord {
  const deleted = change.kind === 'delete';
  const envelope: Envelope = {
    // At least the key is in it: without it nobody could read the record.
    before: deleted ? { ...change.before, ...change.key } : null,
    after: deleted ? null : change.row,
    op: deleted ? 'd' : 'u',
    source: {
      connector: connectors.store,
      table: entity.name,
      position: positionOf(change.version).toString(),
      ts_ms: nowMs,
    },
    ts_ms: nowMs,
  };
  return bounded(entity, keyOf(entity, change.key), envelope, generationOf(change.version));
}

/** The log record of an event that was posted. Its position is the offset that the log gives it. */
export function encodeEvent(entity: CatalogEntity, row: Row, context: CaptureContext): LogRecord {
  const envelope: Envelope = {
    before: null,
    after: row,
    op: 'c',
    source: { connector: connectors.ingest, table: entity.name, ts_ms: context.nowMs },
    ts_ms: context.nowMs,
  };
  return bounded(entity, keyOf(entity, row), envelope, context.generation);
}

/** The key columns of a row, in the entity's order: the same key is always the same text. */
export function keyOf(entity: CatalogEntity, row: Row): Key {
  return Object.fromEntries(entity.key.map((column) => [column, row[column] ?? null]));
}

function bounded(entity: CatalogEntity, key: Key, envelope: Envelope, generation: number): LogRecord {
  const render = (candidate: Envelope): LogRecord => ({
    topic: entity.topic,
    key: JSON.stringify(key),
    value: JSON.stringify(candidate),
    headers: {
      [headerNames.schema]: String(schemaVersion),
      [headerNames.generation]: String(generation),
    },
  });
  const record = render(envelope);
  if (recordBytes(record) <= maxRecordBytes || envelope.op !== 'u') return record;
  // The image before is for consumers' convenience; Polystore needs only what is true now.
  return render({ ...envelope, before: null });
}

/** Bytes of key and value in UTF-8. */
export const recordBytes = (record: LogRecord): number =>
  Buffer.byteLength(record.key) + Buffer.byteLength(record.value);
