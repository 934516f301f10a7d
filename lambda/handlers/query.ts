import { randomUUID } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { handle } from 'hono/aws-lambda';
import { environmentNames as names } from '../model/index.ts';
import { createQueryApp, createQueryEngine, createTokens } from '../query/index.ts';
import { createAuroraStore } from '../stores/aurora/index.ts';
import { createDynamodbStore } from '../stores/dynamodb/index.ts';
import { createRedisStore } from '../stores/redis/index.ts';
import { catalog } from './model.ts';
import { openAuthenticator } from './open-authenticator.ts';
import { openLog } from './open-log.ts';
import { createSecretReader, readPassword } from './secrets.ts';
import * as settings from './settings.ts';

/** `POST /query`, `POST /explain`, `GET /health`. */
const env = process.env;
const clock = settings.readClock(env);
const generation = settings.readGeneration(env);
const readSecret = createSecretReader(new SecretsManagerClient({}), clock);
const { secretArn, ...aurora } = settings.readAurora(env);
const password = secretArn === undefined ? {} : { password: () => readPassword(readSecret, secretArn) };
const tableName = settings.readVariables(env, { [names.dynamodbTable]: settings.text })[names.dynamodbTable];
const stores = {
  aurora: createAuroraStore({ ...aurora, ...password, clock, poolSize: 4 }),
  dynamodb: createDynamodbStore({ ...settings.readDynamodb(env), tableName, catalog, clock, generation }),
  redis: createRedisStore({ ...settings.readRedis(env), clock }),
};
const tokens = createTokens(await settings.readTokenSecret(env, readSecret));
// A clock that stands still must not stop the waiting: deadlines run by the machine's own.
const timer = {
  clock: Date.now,
  sleep: (ms: number, signal?: AbortSignal) => setTimeout(ms, undefined, { signal }),
};
const engine = createQueryEngine({ catalog, stores, tokens, timer, clock, generation });
const authenticate = openAuthenticator(env);

export const handler = handle(
  createQueryApp({ engine, authenticate, log: openLog('query'), newRequestId: randomUUID }),
);
