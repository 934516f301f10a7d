import type { AttributeValue, _Record as SdkRecord } from '@aws-sdk/client-dynamodb-streams';
import type { DynamoDBRecord } from 'aws-lambda';
import { type BatchOutcome, parseBatchResponse } from './batch-response.ts';

/** What Lambda gives a function of a DynamoDB stream (types of `aws-lambda`), ready for JSON. */
export interface StreamEvent {
  readonly Records: readonly StreamRecord[];
}

/** A record that is known to have its sequence number, which every record of a stream has. */
export type StreamRecord = DynamoDBRecord & { readonly dynamodb: { readonly SequenceNumber: string } };

type Lambda = NonNullable<DynamoDBRecord['dynamodb']>;
type LambdaImage = NonNullable<Lambda['NewImage']>;

/** The SDK's record as Lambda delivers it: binary in base64, times in seconds since the epoch. */
export function renderStreamRecord(record: SdkRecord, streamArn: string): StreamRecord {
  const { dynamodb = {}, userIdentity } = record;
  const rendered = {
    eventID: record.eventID,
    eventName: record.eventName,
    eventVersion: record.eventVersion,
    eventSource: record.eventSource,
    awsRegion: record.awsRegion,
    dynamodb: {
      ApproximateCreationDateTime:
        dynamodb.ApproximateCreationDateTime === undefined
          ? undefined
          : Math.floor(dynamodb.ApproximateCreationDateTime.getTime() / 1000),
      ...(dynamodb.Keys && { Keys: renderImage(dynamodb.Keys) }),
      ...(dynamodb.NewImage && { NewImage: renderImage(dynamodb.NewImage) }),
      ...(dynamodb.OldImage && { OldImage: renderImage(dynamodb.OldImage) }),
      SequenceNumber: dynamodb.SequenceNumber ?? '',
      SizeBytes: dynamodb.SizeBytes,
      StreamViewType: dynamodb.StreamViewType,
    },
    // Lambda's event has the service's own members in lower case, unlike the streams' API.
    ...(userIdentity && { userIdentity: { principalId: userIdentity.PrincipalId, type: userIdentity.Type } }),
    eventSourceARN: streamArn,
  };
  return rendered;
}

function renderImage(image: Readonly<Record<string, AttributeValue>>): LambdaImage {
  return Object.fromEntries(Object.entries(image).map(([name, value]) => [name, renderAttribute(value)]));
}

function renderAttribute(value: AttributeValue): LambdaImage[string] {
  if (value.B !== undefined) return { B: base64(value.B) };
  if (value.BS !== undefined) return { BS: value.BS.map(base64) };
  if (value.L !== undefined) return { L: value.L.map(renderAttribute) };
  if (value.M !== undefined) return { M: renderImage(value.M) };
  if (value.S !== undefined) return { S: value.S };
  if (value.N !== undefined) return { N: value.N };
  if (value.SS !== undefined) return { SS: value.SS };
  if (value.NS !== undefined) return { NS: value.NS };
  if (value.BOOL !== undefined) return { BOOL: value.BOOL };
  if (value.NULL !== undefined) return { NULL: value.NULL };
  throw new TypeError(`an attribute of the unknown type ${JSON.stringify(value)} is on the stream`);
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}

/** Reads what a function answers about a batch of a stream: records are named by their sequence numbers. */
export function parseStreamResponse(payload: unknown, batch: readonly StreamRecord[]): BatchOutcome {
  return parseBatchResponse(payload, batch, (identifier) =>
    batch.findIndex((record) => record.dynamodb.SequenceNumber === identifier),
  );
}

/** What Lambda tells a destination of records of a shard that it gave up on. */
export function renderStreamBatchInfo(
  { streamArn, shard }: { readonly streamArn: string; readonly shard: string },
  batch: readonly StreamRecord[],
) {
  const [first, last] = [batch[0], batch.at(-1)];
  return {
    DDBStreamBatchInfo: {
      shardId: shard,
      startSequenceNumber: first?.dynamodb.SequenceNumber,
      endSequenceNumber: last?.dynamodb.SequenceNumber,
      approximateArrivalOfFirstRecord: first && new Date(writtenAtMs(first)).toISOString(),
      approximateArrivalOfLastRecord: last && new Date(writtenAtMs(last)).toISOString(),
      batchSize: batch.length,
      streamArn,
    },
  };
}

/** When DynamoDB wrote a record, to the second; milliseconds since the epoch. */
export const writtenAtMs = ({ dynamodb }: StreamRecord): number =>
  (dynamodb.ApproximateCreationDateTime ?? 0) * 1000;
