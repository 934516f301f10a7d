import type { Json } from '../model/index.ts';

/**
 * What every change on the log looks like, whatever its source: a Debezium envelope as JSON without
 * its schema, under a JSON object of the key columns, with two headers.
 */
export const headerNames = {
  /** Version of this encoding. */
  schema: 'polystore-schema',
  /** Generation of the capture that wrote the record (DESIGN §4), 0 to 127. */
  generation: 'polystore-generation',
} as const;

/**
 * The version of the encoding that these functions write. Functions of version N and N−1 run side by
 * side during a deployment, so a reader takes its own version, the one before and the one after;
 * anything further away is a dead letter.
 */
export const schemaVersion = 1;

/** What `source.connector` says; it decides where the position is. */
export const connectors = {
  postgresql: 'postgresql',
  dynamodb: 'polystore-dynamodb',
  ingest: 'polystore-ingest',
  /** The log itself as a store, which is given changes with the versions that they have already. */
  store: 'polystore-store',
} as const;

/** What our functions write, and r (snapshot read). Debezium also writes t (truncate): `decodeRecord` reads it. */
export type Operation = 'c' | 'u' | 'd' | 'r';

export interface Envelope {
  readonly before: Readonly<Record<string, Json>> | null;
  readonly after: Readonly<Record<string, Json>> | null;
  readonly op: Operation;
  readonly source: EnvelopeSource;
  /** When the change was captured; milliseconds since the epoch. For people: nothing is ordered by it. */
  readonly ts_ms: number;
}

export type EnvelopeSource =
  | {
      readonly connector: typeof connectors.dynamodb | typeof connectors.store;
      /** DynamoDB's, or the entity. */
      readonly table: string;
      /** As digits: of an item its own version in microseconds. */
      readonly position: string;
      /** When DynamoDB wrote the stream record, or the store the change; milliseconds since the epoch. */
      readonly ts_ms: number;
      /** Present where the item could not be read as a row: readers make a dead letter of the record. */
      readonly problem?: string;
    }
  | {
      readonly connector: typeof connectors.ingest;
      /** The entity. */
      readonly table: string;
      readonly ts_ms: number;
    };

/** A record to be appended to the log. */
export interface LogRecord {
  readonly topic: string;
  /** Text of UTF-8: decides the partition. */
  readonly key: string;
  readonly value: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** A record as it was read from the log. */
export interface LoggedRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
  /** Log-append time; milliseconds since the epoch. */
  readonly timestampMs: number;
  readonly key: Uint8Array | undefined;
  /** Undefined is a tombstone in Kafka's own sense. */
  readonly value: Uint8Array | undefined;
  readonly headers: Readonly<Record<string, string>>;
}
