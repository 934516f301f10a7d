import { DescribeTableCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import {
  DescribeStreamCommand,
  type DynamoDBStreamsClient,
  ExpiredIteratorException,
  GetRecordsCommand,
  GetShardIteratorCommand,
  type Shard as SdkShard,
  TrimmedDataAccessException,
} from '@aws-sdk/client-dynamodb-streams';
import { PolystoreError } from '../../lambda/errors.ts';
import { renderStreamRecord, type StreamRecord } from './stream-event.ts';

export interface Shard {
  readonly id: string;
  readonly parent: string | undefined;
}

/** A read from a shard. `next` is undefined when the shard is closed and has no more. */
export type ShardRead =
  | { readonly kind: 'records'; readonly records: readonly StreamRecord[]; readonly next: string | undefined }
  /** What follows the position was deleted: a stream holds its records for 24 hours. */
  | { readonly kind: 'trimmed' }
  /** An iterator lives for 15 minutes. */
  | { readonly kind: 'expired' };

/** The stream of one table. */
export interface StreamReader {
  streamArn(): Promise<string>;
  shards(streamArn: string): Promise<readonly Shard[]>;
  /** The attribute of the table's partition key. */
  partitionKey(streamArn: string): Promise<string>;
  /** An iterator after a sequence number, or at the oldest record; `trimmed` when that position is gone. */
  open(
    streamArn: string,
    shard: string,
    after: string | undefined,
  ): Promise<{ readonly iterator: string } | 'trimmed'>;
  read(streamArn: string, iterator: string): Promise<ShardRead>;
}

/** GetRecords gives at most 1,000 records and 1 MB. */
const maxRecords = 1000;

export function createStreamReader(
  clients: { readonly dynamodb: DynamoDBClient; readonly streams: DynamoDBStreamsClient },
  table: string,
): StreamReader {
  const { dynamodb, streams } = clients;
  return {
    async streamArn() {
      const { Table } = await dynamodb.send(new DescribeTableCommand({ TableName: table }));
      const arn = Table?.LatestStreamArn;
      if (arn !== undefined && Table?.StreamSpecification?.StreamEnabled !== false) return arn;
      throw new PolystoreError(
        'store_unavailable',
        `The DynamoDB table ${table} has no stream. Create it with StreamSpecification NEW_AND_OLD_IMAGES.`,
      );
    },
    async shards(streamArn) {
      const shards: SdkShard[] = [];
      let after: string | undefined;
      do {
        const { StreamDescription } = await streams.send(
          new DescribeStreamCommand({
            StreamArn: streamArn,
            ...(after !== undefined && { ExclusiveStartShardId: after }),
          }),
        );
        shards.push(...(StreamDescription?.Shards ?? []));
        after = StreamDescription?.LastEvaluatedShardId;
      } while (after !== undefined);
      return shards.flatMap(({ ShardId, ParentShardId }) =>
        ShardId === undefined ? [] : [{ id: ShardId, parent: ParentShardId }],
      );
    },
    async partitionKey(streamArn) {
      const { StreamDescription } = await streams.send(new DescribeStreamCommand({ StreamArn: streamArn }));
      const name = StreamDescription?.KeySchema?.find(({ KeyType }) => KeyType === 'HASH')?.AttributeName;
      if (name === undefined)
        throw new TypeError(`DynamoDB names no partition key for the stream ${streamArn}`);
      return name;
    },
    async open(streamArn, shard, after) {
      try {
        const { ShardIterator } = await streams.send(
          new GetShardIteratorCommand({
            StreamArn: streamArn,
            ShardId: shard,
            ...(after === undefined
              ? { ShardIteratorType: 'TRIM_HORIZON' }
              : { ShardIteratorType: 'AFTER_SEQUENCE_NUMBER', SequenceNumber: after }),
          }),
        );
        if (ShardIterator === undefined)
          throw new TypeError(`DynamoDB gave no iterator for the shard ${shard}`);
        return { iterator: ShardIterator };
      } catch (error) {
        if (error instanceof TrimmedDataAccessException) return 'trimmed';
        throw error;
      }
    },
    async read(streamArn, iterator) {
      try {
        const { Records = [], NextShardIterator } = await streams.send(
          new GetRecordsCommand({ ShardIterator: iterator, Limit: maxRecords }),
        );
        const records = Records.map((record) => renderStreamRecord(record, streamArn));
        return { kind: 'records', records, next: NextShardIterator };
      } catch (error) {
        if (error instanceof TrimmedDataAccessException) return { kind: 'trimmed' };
        if (error instanceof ExpiredIteratorException) return { kind: 'expired' };
        throw error;
      }
    },
  };
}
