import type { LoggedRecord } from '../change/envelope.ts';
import { createVersion, renderVersion } from '../change/version.ts';
import { PolystoreError } from '../errors.ts';
import type { Catalog, DynamodbTable } from '../model/index.ts';
import type { StreamRecord } from './capture-plan.ts';
import type { DeadLetter } from './dead-letters.ts';

/** The scope of items that no entity of the model owns: no view has a hole by them. */
export const unknownScope = '@unknown';

const hourMs = 3_600_000;
/** DynamoDB keeps a stream record for 24 hours (docs.aws.amazon.com/amazondynamodb, "Change data capture for DynamoDB Streams"). */
const retentionMs = 24 * hourMs;
/** Records are removed at any time once they are older: from here on some may be gone already. */
const gapMs = retentionMs - hourMs / 4;
const lateMs = retentionMs / 2;

/** How far capture is behind, by the oldest record of a batch. */
export interface Lateness {
  /** Of the oldest record, in milliseconds; 0 for a batch that does not say. */
  readonly ageMs: number;
  /** `gap`: what came before this record may have been removed from the stream unread. */
  readonly kind: 'current' | 'late' | 'gap';
}

export function latenessOf(records: readonly StreamRecord[], nowMs: number): Lateness {
  const created = records.flatMap(({ dynamodb }) => dynamodb?.ApproximateCreationDateTime ?? []);
  const ageMs = created.length === 0 ? 0 : Math.max(0, Math.round(nowMs - Math.min(...created) * 1000));
  return { ageMs, kind: ageMs >= gapMs ? 'gap' : ageMs >= lateMs ? 'late' : 'current' };
}

/** The error that names a gap, and what closes it. */
export function gapError(catalog: Catalog, table: string, { ageMs }: Lateness): PolystoreError {
  const entities = capturedEntities(catalog);
  const commands = entities.map((name) => `polystore backfill ${name}`);
  return new PolystoreError(
    'stream_gap',
    `The stream of the table ${table} is read ${(ageMs / hourMs).toFixed(1)} hours late and keeps 24: changes before this batch may be lost. Capture goes on; once it has caught up run: ${commands.join('; ')}`,
    { details: { table, ageMs, entities, commands } },
  );
}

/** A letter for each entity whose changes may be lost: its views are filled again. Seen again it counts up. */
export const gapLetters = (
  catalog: Catalog,
  error: PolystoreError,
  oldest: LoggedRecord,
): readonly DeadLetter[] =>
  capturedEntities(catalog).map((scope) => ({
    scope,
    key: '@gap',
    version: noVersion,
    reason: error.message,
    record: oldest,
    retry: 'view',
  }));

/** The letter that keeps the last stream record of an item which no entity of the model owns. */
export function unknownLetter(
  stream: StreamRecord,
  table: DynamodbTable,
  entity: string | undefined,
): DeadLetter {
  const record = asRecord(stream, table.name);
  return {
    scope: unknownScope,
    key: JSON.stringify(stream.dynamodb?.Keys ?? {}),
    version: noVersion,
    reason:
      entity === undefined
        ? `the item has no attribute '${table.entityAttribute}', which says of which entity it is`
        : `the item is of '${entity}', which no entity of the model keeps in DynamoDB; declare it, or write such items to another table`,
    record,
  };
}

/** A stream record in the form in which letters keep records: what it says, as JSON. */
export const asRecord = (stream: StreamRecord, table: string): LoggedRecord => ({
  topic: `dynamodb-stream:${table}`,
  partition: 0,
  // Its sequence number is in the value: it has more digits than an attribute can hold.
  offset: 0n,
  timestampMs: Math.round((stream.dynamodb?.ApproximateCreationDateTime ?? 0) * 1000),
  key: Buffer.from(JSON.stringify(stream.dynamodb?.Keys ?? {})),
  value: Buffer.from(JSON.stringify(stream)),
  headers: {},
});

/** Of a letter that is of no version: there is one of its key. */
const noVersion = renderVersion(createVersion(0, 0n));

const capturedEntities = (catalog: Catalog): readonly string[] =>
  catalog.entities.filter(({ source }) => source.kind === 'dynamodb.source').map(({ name }) => name);
