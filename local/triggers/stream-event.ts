import type { AttributeValue, _Record as SdkRecord } from '@aws-sdk/client-dynamodb-streams';
import type { DynamoDBRecord } from 'aws-lambda';

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

/** How much of a batch a function has taken: all of it, or what lies before the record at an index. */
export type BatchOutcome =
  | { readonly kind: 'taken' }
  | { readonly kind: 'failed'; readonly from: number; readonly reason: string };

/**
 * Reads the answer of a function that reports failures of part of a batch, by Lambda's rules
 * (docs.aws.amazon.com/lambda/latest/dg/services-ddb-batchfailurereporting.html): nothing, null or an
 * empty list is a success; the lowest sequence number is where it goes on; an identifier that is
 * missing or of no record fails the whole batch.
 */
export function parseBatchResponse(payload: unknown, batch: readonly StreamRecord[]): BatchOutcome {
  const failures =
    typeof payload === 'object' && payload !== null && 'batchItemFailures' in payload
      ? payload.batchItemFailures
      : undefined;
  if (!Array.isArray(failures) || failures.length === 0) return { kind: 'taken' };
  const indexes = failures.map((item: unknown) => {
    const id =
      typeof item === 'object' && item !== null && 'itemIdentifier' in item ? item.itemIdentifier : undefined;
    return batch.findIndex((record) => record.dynamodb.SequenceNumber === id);
  });
  if (indexes.includes(-1)) {
    return {
      kind: 'failed',
      from: 0,
      reason: `it reports failures that name no record of the batch: ${JSON.stringify(failures).slice(0, 200)}`,
    };
  }
  // The batch is in the order of its sequence numbers, so the lowest index is the lowest of them.
  const from = Math.min(...indexes);
  return {
    kind: 'failed',
    from,
    reason: `it reports ${failures.length} of ${batch.length} records as failed`,
  };
}
