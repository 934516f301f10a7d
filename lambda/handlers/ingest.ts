import { handle } from 'hono/aws-lambda';
import { createTokens } from '../query/tokens.ts';
import { createChangeLog } from '../stores/kafka/index.ts';
import { createBackPressure } from '../sync/back-pressure.ts';
import { createIngestApp } from '../sync/ingest.ts';
import { catalog } from './model.ts';
import { openCallers } from './open-callers.ts';
import { openLog } from './open-log.ts';
import { openMetrics } from './open-metrics.ts';
import { openSecrets } from './open-secrets.ts';
import { readClock, readGeneration, readLogConnection, readTokenSecret } from './settings.ts';

/** POST /events → change log. */
const clock = readClock(process.env);
const readSecret = openSecrets(clock);
const app = createIngestApp({
  catalog,
  changeLog: createChangeLog(readLogConnection(process.env, 'polystore-ingest')),
  authenticate: openCallers(process.env),
  issueToken: createTokens(readTokenSecret(process.env, readSecret)).issueEvents,
  generation: readGeneration(process.env),
  clock,
  log: openLog('ingest'),
  metrics: openMetrics(catalog),
  backPressure: createBackPressure({ clock: Date.now }),
});

export const handler = handle(app);
