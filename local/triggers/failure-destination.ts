import { randomUUID } from 'node:crypto';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { FailureDestination } from '../../lambda/model/index.ts';

/** As Lambda names why it gave up. */
export type GivenUpCondition = 'RetryAttemptsExhausted' | 'RecordAgeExceeded';

/** Records that were given up. */
export interface GivenUp {
  readonly condition: GivenUpCondition;
  readonly records: number;
  /** Names them in a notice. */
  readonly title: string;
  /** Of the last invocation; undefined when there was none. */
  readonly requestId: string | undefined;
  readonly invocations: number;
  /** Whether the last invocation threw; false where its answer named what failed. */
  readonly functionError: boolean;
  /** Where they lie, in Lambda's shape for their kind of source. */
  readonly batchInfo: Readonly<Record<string, unknown>>;
  /** The event that the function was given, or would have been. */
  readonly event: unknown;
}

/** What Lambda sends to a destination (docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html). */
function renderGivenUp(
  given: GivenUp,
  settings: {
    readonly functionName: string;
    readonly destination: FailureDestination;
    readonly nowMs: number;
  },
) {
  return {
    requestContext: {
      requestId: given.requestId ?? randomUUID(),
      functionArn: `arn:aws:lambda:local:000000000000:function:${settings.functionName}`,
      condition: given.condition,
      approximateInvokeCount: given.invocations,
    },
    // What was never invoked has no response.
    ...(given.invocations > 0 && {
      responseContext: {
        statusCode: 200,
        executedVersion: '$LATEST',
        ...(given.functionError && { functionError: 'Unhandled' }),
      },
    }),
    version: '1.0',
    timestamp: new Date(settings.nowMs).toISOString(),
    ...given.batchInfo,
    // Only a bucket has room for the records; a queue and a topic learn where they are.
    ...(settings.destination === 'bucket' && { payload: JSON.stringify(given.event) }),
  };
}

export interface DestinationFolder {
  readonly folder: string;
  readonly functionName: string;
  readonly destination: FailureDestination;
  /** The shard, or the topic and partition. */
  readonly source: string;
  readonly now: () => number;
}

/**
 * A folder in place of a queue, a topic or a bucket: each message a file, under the name that Lambda gives an
 * object. @returns the file
 */
export async function writeGivenUp(given: GivenUp, options: DestinationFolder): Promise<string> {
  const { folder, functionName, destination, source } = options;
  const nowMs = options.now();
  const [day = '', time = ''] = new Date(nowMs).toISOString().slice(0, 19).split('T');
  const file = join(
    folder,
    ...[functionName, source, ...day.split('-')],
    `${day}T${time.replaceAll(':', '.')}-${randomUUID()}.json`,
  );
  await mkdir(dirname(file), { recursive: true });
  const message = renderGivenUp(given, { functionName, destination, nowMs });
  await writeFile(`${file}.new`, JSON.stringify(message, null, 2), { flush: true });
  await rename(`${file}.new`, file);
  return file;
}
