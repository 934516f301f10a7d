import { createTombstones } from '../stores/dynamodb/index.ts';
import { createChangeLog } from '../stores/kafka/index.ts';
import { createCapture } from '../sync/capture.ts';
import type { StreamRecord } from '../sync/capture-plan.ts';
import { catalog } from './model.ts';
import { openDeadLetters } from './open-dead-letters.ts';
import { openLog } from './open-log.ts';
import { openMetrics } from './open-metrics.ts';
import { readClock, readGeneration, readLogConnection, readTable } from './settings.ts';

/** DynamoDB stream → change log. */
const clock = readClock(process.env);
const capture = createCapture({
  catalog,
  changeLog: createChangeLog(readLogConnection(process.env, 'polystore-capture')),
  tombstones: createTombstones({ ...readTable(process.env), clock }),
  deadLetters: openDeadLetters(process.env, 'capture', clock),
  generation: readGeneration(process.env),
  clock,
  log: openLog('capture'),
  metrics: openMetrics(catalog),
});

export const handler = (event: { readonly Records: readonly StreamRecord[] }) => capture(event);
