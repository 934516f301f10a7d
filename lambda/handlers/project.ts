import { setTimeout as sleep } from 'node:timers/promises';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { environmentNames as names } from '../model/index.ts';
import { checkReplication, createAuroraTables, readCapturePosition } from '../stores/aurora/index.ts';
import { openMaintain } from '../sync/open-maintain.ts';
import { replicaExcess } from '../sync/pace.ts';
import { catalog } from './model.ts';
import { readAuroraConnection } from './open-aurora.ts';
import { openLog } from './open-log.ts';
import { openMetrics } from './open-metrics.ts';
import { openSecrets } from './open-secrets.ts';
import { openSyncStores } from './open-sync-stores.ts';
import { readClock, readDynamodb, readGeneration, readVariables, text } from './settings.ts';

/** Backfills, rebuilds, comparisons, dead letters: by command, and by the clock. */
const { env } = process;
const clock = readClock(env);
const log = openLog('project');
const readSecret = openSecrets(clock);
const { writer, replicas: _, ...credentials } = readAuroraConnection(env, readSecret);
const connection = { ...writer, ...credentials };
const stores = openSyncStores(env, { catalog, clock, readSecret });
const maintain = openMaintain({
  catalog,
  stores,
  client: new DynamoDBClient(readDynamodb(env)),
  table: readVariables(env, { [names.deadLettersTable]: text })[names.deadLettersTable],
  endOffsets: async (topic) =>
    [...(await stores.kafka.endOffsets(topic))].map(([partition, offset]) => ({ partition, offset })),
  capturePosition: () => readCapturePosition(connection),
  tables: createAuroraTables({ connection, catalog, clock }),
  checkCapture: () => checkReplication({ connection, catalog, generation: readGeneration(env) }),
  replicaExcessMs: async () => replicaExcess(await stores.aurora.replicaLag()),
  ...{ clock, steadyClock: Date.now, sleep, random: Math.random },
  ...{ log, metrics: openMetrics(catalog) },
});

export const handler = (event: unknown) => maintain(event);
