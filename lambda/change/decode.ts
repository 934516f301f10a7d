import { PolystoreError } from '../errors.ts';
import type { CatalogEntity } from '../model/index.ts';
import { canonicalKey, canonicalPart, canonicalRow, missingColumns } from './canonical-row.ts';
import type { Change, Key } from './change.ts';
import { connectors, headerNames, type LoggedRecord, schemaVersion } from './envelope.ts';
import { type ExactJson, isObject, parseExactJson } from './exact-json.ts';
import { createVersion, type Version } from './version.ts';

/** What a record of the log is to a reader. */
export type Decoded =
  | { readonly kind: 'change'; readonly change: Change }
  /** A row changed and the record does not hold all of it: the row's truth must be read at its source. */
  | { readonly kind: 'incomplete'; readonly key: Key; readonly version: Version; readonly reason: string }
  /** All rows of the entity were removed at once: what has a lower version is no longer true. */
  | { readonly kind: 'truncate'; readonly version: Version; readonly reason: string }
  /** Says nothing: a Kafka tombstone. */
  | { readonly kind: 'ignored'; readonly reason: string }
  /** Cannot be read now, and not by trying again. */
  | { readonly kind: 'poison'; readonly reason: string };

/** Reads one record of an entity's topic. Never throws for what the record holds. */
export function decodeRecord(entity: CatalogEntity, record: LoggedRecord): Decoded {
  if (record.value === undefined)
    return { kind: 'ignored', reason: 'a Kafka tombstone: deletes come as envelopes' };
  try {
    return decodeEnvelope(entity, record, record.value);
  } catch (error) {
    if (error instanceof PolystoreError || error instanceof SyntaxError || error instanceof RangeError)
      return { kind: 'poison', reason: error.message };
    throw error;
  }
}

function decodeEnvelope(entity: CatalogEntity, record: LoggedRecord, value: Uint8Array): Decoded {
  checkSchema(record.headers[headerNames.schema]);
  const generation = parseGeneration(record.headers[headerNames.generation]);
  const envelope = parseExactJson(decodeText(value));
  if (!isObject(envelope)) throw poison(`the value is no JSON object: ${excerpt(envelope)}`);
  const source = isObject(envelope.source) ? envelope.source : {};
  if (typeof source.problem === 'string')
    throw poison(
      `capture could not read the item ${decodeText(record.key ?? new Uint8Array())}: ${source.problem}`,
    );

  const { op } = envelope;
  if (op !== 'c' && op !== 'u' && op !== 'd' && op !== 'r' && op !== 't')
    throw poison(`op is ${excerpt(op)}; c, u, d, r and t are known`);
  const version = versionOf(source, generation, record.offset);
  if (op === 't')
    return {
      kind: 'truncate',
      version,
      reason: `'truncate' removed every row of ${entity.name} below this version, and names none of them`,
    };
  const image = op === 'd' ? envelope.before : envelope.after;
  if (!isObject(image))
    throw poison(`op '${op}' comes without its ${op === 'd' ? "'before'" : "'after'"} row`);
  const encoding = source.connector === connectors.postgresql ? 'debezium' : 'polystore';
  const key = canonicalKey(entity, image, encoding);
  const common = { entity: entity.name, key, version };
  if (op === 'd')
    return {
      kind: 'change',
      change: { kind: 'delete', ...common, before: canonicalPart(entity, image, encoding) },
    };
  const missing = encoding === 'debezium' ? missingColumns(entity, image) : [];
  if (missing.length > 0)
    return {
      kind: 'incomplete',
      key,
      version,
      reason: `the WAL did not carry the unchanged values of ${missing.join(', ')}: the row must be read at its source. The table needs REPLICA IDENTITY FULL, which the migration sets`,
    };
  return {
    kind: 'change',
    change: { kind: 'upsert', ...common, row: canonicalRow(entity, image, encoding) },
  };
}

function checkSchema(header: string | undefined): void {
  const version = /^\d{1,4}$/.test(header ?? '') ? Number(header) : undefined;
  if (version === undefined || Math.abs(version - schemaVersion) > 1)
    throw poison(
      `the header ${headerNames.schema} is ${header === undefined ? 'missing' : `'${header}'`}; this function reads ${schemaVersion - 1} to ${schemaVersion + 1}`,
    );
}

function parseGeneration(header: string | undefined): number {
  if (header === undefined || !/^\d{1,3}$/.test(header))
    throw poison(
      `the header ${headerNames.generation} is ${header === undefined ? 'missing' : `'${header}'`}; 0 to 127 is expected, from whatever captured the change`,
    );
  return Number(header);
}

/** DESIGN §4's table: what the position of each source is. */
function versionOf(source: Readonly<Record<string, ExactJson>>, generation: number, offset: bigint): Version {
  switch (source.connector) {
    case connectors.postgresql:
      return createVersion(generation, whole(source.lsn, 'source.lsn'));
    case connectors.dynamodb:
    case connectors.store:
      return createVersion(generation, whole(source.position, 'source.position'));
    case connectors.ingest:
      return createVersion(generation, offset);
    default:
      throw poison(
        `source.connector is ${excerpt(source.connector)}; known are ${Object.values(connectors).join(', ')}`,
      );
  }
}

function whole(value: ExactJson | undefined, name: string): bigint {
  if (typeof value === 'bigint') return value;
  if (typeof value === 'number' && Number.isSafeInteger(value)) return BigInt(value);
  if (typeof value === 'string' && /^\d{1,19}$/.test(value)) return BigInt(value);
  throw poison(`${name} is ${excerpt(value)}; a whole number is expected`);
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

function decodeText(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch (error) {
    throw new PolystoreError('poison_change', 'the record is not UTF-8', { cause: error });
  }
}

const excerpt = (value: ExactJson | undefined): string => {
  const text = JSON.stringify(value, (_name, member: unknown) =>
    typeof member === 'bigint' ? String(member) : member,
  );
  return text === undefined ? 'missing' : text.slice(0, 80);
};

const poison = (reason: string): PolystoreError => new PolystoreError('poison_change', reason);
