import type { LogRecord } from '../change/envelope.ts';
import { PolystoreError } from '../errors.ts';
import type { Catalog } from '../model/index.ts';
import type { ChangeLog } from '../stores/kafka/index.ts';
import type { Clock } from '../stores/store.ts';
import { planCapture, type StreamRecord } from './capture-plan.ts';
import type { Log } from './log.ts';

export interface CaptureOptions {
  readonly catalog: Catalog;
  readonly changeLog: ChangeLog;
  /** Of this function's configuration, 0 to 127. */
  readonly generation: number;
  readonly clock: Clock;
  readonly log: Log;
}

/** What Lambda is answered: it sends everything again from the lowest of these. */
export interface CaptureResponse {
  readonly batchItemFailures: readonly { readonly itemIdentifier: string }[];
}

/**
 * Carries a batch of a DynamoDB stream to the change log, in order. The answer names the first record
 * that the log has not acknowledged; all from there on comes again, and readers tell by the versions.
 */
export function createCapture(options: CaptureOptions) {
  const { catalog, changeLog, generation, clock, log } = options;
  const { table } = catalog;
  if (table === undefined)
    throw new PolystoreError(
      'invalid_configuration',
      `The model ${catalog.name} has no DynamoDB entity to capture.`,
    );

  return async (event: { readonly Records: readonly StreamRecord[] }): Promise<CaptureResponse> => {
    const context = { generation, nowMs: clock() };
    const records: LogRecord[] = [];
    const sequences: string[] = [];
    const skipped = { sweeps: 0, foreign: 0 };
    for (const stream of event.Records) {
      const captured = planCapture(stream, { catalog, table, context });
      if (captured.kind === 'record') {
        records.push(captured.record);
        sequences.push(stream.dynamodb?.SequenceNumber ?? '');
      } else if (captured.kind === 'sweep') skipped.sweeps += 1;
      else {
        skipped.foreign += 1;
        log.warn('an item of no entity of this model is not captured', {
          entity: captured.entity ?? null,
          sequenceNumber: stream.dynamodb?.SequenceNumber,
        });
      }
    }
    const { positions, error } = await changeLog.append(records);
    const first = positions.indexOf(undefined);
    const captured = positions.filter((position) => position !== undefined).length;
    if (first === -1) {
      log.info('captured', { captured, ...skipped });
      return { batchItemFailures: [] };
    }
    log.error('the change log did not take all records', {
      captured,
      ...skipped,
      missing: records.length - captured,
      code: error?.code,
      reason: error?.message,
    });
    return { batchItemFailures: [{ itemIdentifier: sequences[first] ?? '' }] };
  };
}
