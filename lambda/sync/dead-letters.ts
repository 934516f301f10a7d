import { createHash } from 'node:crypto';
import { type CreateTableInput, type DynamoDBClient, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import type { LoggedRecord } from '../change/envelope.ts';
import { PolystoreError } from '../errors.ts';
import { parted } from '../stores/parted.ts';
import type { Clock } from '../stores/store.ts';
import { createLetterBox } from './letter-box.ts';
import { type AppliedKey, openLetters } from './letter-item.ts';
import { createSuperseding } from './supersede.ts';

/** A change that a store cannot take, or a record that no store can read. */
export interface DeadLetter {
  /** What has the hole: `entity`, or `entity.view` where one view refused the change. */
  readonly scope: string;
  /** The key's text; undefined when the record's key is all there is to go by. */
  readonly key: string | undefined;
  /** 19 digits; undefined when the record could not be read so far. */
  readonly version: string | undefined;
  readonly reason: string;
  readonly record: LoggedRecord;
  /**
   * What makes it good, where applying the record again cannot: reading the key's truth at its source,
   * or that of the whole view, whose rows below the letter's version are gone unless the source has them.
   */
  readonly retry?: 'key' | 'view';
}

/** Where one store's dead letters are kept. Every open letter is a hole in a view. */
export interface DeadLetters {
  /** Keeps letters. The same letter again only counts up. Throws `store_unavailable`: nothing may be lost. */
  put(letters: readonly DeadLetter[]): Promise<void>;
  /**
   * Closes the letters of a scope whose keys have been applied at their version or a higher one. A letter that someone
   * else put in the last half minute may be missed; retrying closes that.
   */
  supersede(scope: string, applied: readonly AppliedKey[]): Promise<void>;
}

export interface DeadLettersOptions {
  readonly client: DynamoDBClient;
  readonly table: string;
  /** The store whose letters these are, such as `redis`. */
  readonly store: string;
  readonly clock: Clock;
}

/** How large a record is kept, in bytes: an item takes 400 KB in all, and base64 adds a third. */
const maxKeptBytes = 250_000;
const maxKeptKeyBytes = 50_000;
/** DynamoDB's limit for a sort key is 1,024 bytes. */
const maxIdBytes = 900;
const atOnce = 10;

/** The table of dead letters: its key, for whoever makes it. */
export const renderDeadLettersTable = (name: string): CreateTableInput => ({
  TableName: name,
  BillingMode: 'PAY_PER_REQUEST',
  AttributeDefinitions: [
    { AttributeName: 'pk', AttributeType: 'S' },
    { AttributeName: 'sk', AttributeType: 'S' },
  ],
  KeySchema: [
    { AttributeName: 'pk', KeyType: 'HASH' },
    { AttributeName: 'sk', KeyType: 'RANGE' },
  ],
});

/** Dead letters in a DynamoDB table of their own: `pk` store and scope, `sk` key and version. */
export function createDeadLetters({ client, table, store, clock }: DeadLettersOptions): DeadLetters {
  const guarded = async <T>(doing: string, work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      throw new PolystoreError(
        'store_unavailable',
        `The table of dead letters '${table}' failed while ${doing}: ${error instanceof Error ? error.message : String(error)}. The batch comes again.`,
        { cause: error },
      );
    }
  };
  const box = createLetterBox({ client, table, clock });
  const superseding = createSuperseding({ box, store, clock });
  return {
    async put(letters) {
      superseding.expect(letters.map(({ scope }) => scope));
      for (const part of parted(letters, atOnce))
        await guarded('keeping a letter', () =>
          Promise.all(
            part.map((letter) =>
              client.send(new UpdateItemCommand(renderPut(letter, { table, store, nowMs: clock() }))),
            ),
          ),
        );
      // Again: a batch beside this one may have looked before they were there.
      superseding.expect(letters.map(({ scope }) => scope));
    },
    supersede: (scope, applied) => superseding.run(scope, applied),
  };
}

/** The request that keeps a letter, or counts it up. */
export function renderPut(
  { scope, key, version, reason, record, retry }: DeadLetter,
  { table, store, nowMs }: { readonly table: string; readonly store: string; readonly nowMs: number },
) {
  const now = new Date(nowMs).toISOString();
  const place = `${record.topic}/${record.partition}/${record.offset}`;
  const id = `${key ?? Buffer.from(record.key ?? []).toString('base64')}#${version ?? place}`;
  const headers = JSON.stringify(record.headers);
  const bytes = (record.value?.length ?? 0) + (record.key?.length ?? 0) + Buffer.byteLength(headers);
  // What is too large to keep is on the log for as long as the log keeps it.
  const kept = bytes <= maxKeptBytes;
  const values = {
    ':entity': { S: scope.split('.')[0] ?? scope },
    ':topic': { S: record.topic },
    ':partition': { N: String(record.partition) },
    ':offset': { N: String(record.offset) },
    ':key': kept ? base64Of(record.key) : { NULL: true },
    ':value': kept ? base64Of(record.value) : { NULL: true },
    ':headers': kept ? { S: headers } : { NULL: true },
    ':omitted': { BOOL: !kept },
    ':reason': { S: reason.slice(0, 4_000) },
    ':entityKey': keptKey(key),
    ':version': version === undefined ? { NULL: true as const } : { S: version },
    ':retry': retry === undefined ? { NULL: true as const } : { S: retry },
    ':now': { S: now },
    ':one': { N: '1' },
  };
  return {
    TableName: table,
    Key: { pk: { S: openLetters(store, scope) }, sk: { S: shortened(id) } },
    UpdateExpression:
      'SET #entity = :entity, #topic = :topic, #partition = :partition, #offset = :offset, #key = :key, #value = :value, #omitted = :omitted, #headers = :headers, #reason = :reason, #retry = :retry, #entityKey = :entityKey, #version = :version, #first = if_not_exists(#first, :now), #last = :now ADD #seen :one',
    ExpressionAttributeNames: {
      '#entity': 'entity',
      '#topic': 'topic',
      '#partition': 'partition',
      '#offset': 'offset',
      '#key': 'record_key',
      '#value': 'record_value',
      '#omitted': 'record_omitted',
      '#headers': 'headers',
      '#reason': 'reason',
      '#retry': 'retry',
      '#entityKey': 'entity_key',
      '#version': 'version',
      '#first': 'first_seen',
      '#last': 'last_seen',
      '#seen': 'times_seen',
    },
    ExpressionAttributeValues: values,
  };
}

/** A key's text; one that no item has room for is only in the letter's name, as its hash. */
const keptKey = (key: string | undefined) =>
  key === undefined || Buffer.byteLength(key) > maxKeptKeyBytes ? { NULL: true as const } : { S: key };

const base64Of = (bytes: Uint8Array | undefined): { readonly S: string } | { readonly NULL: true } =>
  bytes === undefined ? { NULL: true } : { S: Buffer.from(bytes).toString('base64') };

/** A text that fits a sort key: what is too long ends in its hash instead. */
function shortened(id: string): string {
  if (Buffer.byteLength(id) <= maxIdBytes) return id;
  return `${id.slice(0, 200)}…${createHash('sha256').update(id).digest('hex')}`;
}
