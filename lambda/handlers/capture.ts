import { createChangeLog } from '../stores/kafka/index.ts';
import { createCapture } from '../sync/capture.ts';
import type { StreamRecord } from '../sync/capture-plan.ts';
import { catalog } from './model.ts';
import { openLog } from './open-log.ts';
import { readClock, readGeneration, readLogConnection } from './settings.ts';

/** DynamoDB stream → change log. */
const capture = createCapture({
  catalog,
  changeLog: createChangeLog(readLogConnection(process.env, 'polystore-capture')),
  generation: readGeneration(process.env),
  clock: readClock(process.env),
  log: openLog('capture'),
});

export const handler = (event: { readonly Records: readonly StreamRecord[] }) => capture(event);
