import { randomUUID } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { handle } from 'hono/aws-lambda';
import { auroraPools, type Backend, functionsOf } from '../model/index.ts';
import { createAuthenticator, createQueryApp, createQueryEngine, createTokens } from '../query/index.ts';
import { createAuroraStore } from '../stores/aurora/index.ts';
import { createDynamodbStore } from '../stores/dynamodb/index.ts';
import { createKeyspacesStore } from '../stores/keyspaces/index.ts';
import { createOpensearchStore } from '../stores/opensearch/index.ts';
import { createRedisStore } from '../stores/redis/index.ts';
import { createInvoke, createRemoteArchive } from '../stores/remote-archive/index.ts';
import { readArchiveFunction } from './archive-settings.ts';
import { catalog } from './model.ts';
import { readAuroraConnection } from './open-aurora.ts';
import { openLog } from './open-log.ts';
import { openSecrets } from './open-secrets.ts';
import * as settings from './settings.ts';

/** `POST /query`, `POST /explain`, `GET /health`. */
const { env } = process;
const clock = settings.readClock(env);
const generation = settings.readGeneration(env);
const readSecret = openSecrets(clock);
const uses = (backend: Backend): boolean =>
  functionsOf(catalog).some(({ name, backends }) => name === 'query' && backends.includes(backend));
const stores = {
  aurora: createAuroraStore({ ...readAuroraConnection(env, readSecret), clock, poolSize: auroraPools.query }),
  dynamodb: createDynamodbStore({
    ...settings.readTable(env),
    ...{ catalog, clock, generation },
    // A clock that stands still is off by design.
    checksClock: clock === Date.now,
  }),
  redis: createRedisStore({ ...settings.readRedis(env), clock }),
  ...(uses('keyspaces') && {
    keyspaces: createKeyspacesStore({ ...settings.readKeyspaces(env), catalog, clock }),
  }),
  ...(uses('opensearch') && {
    opensearch: createOpensearchStore({ ...settings.readOpensearch(env), model: catalog.name, clock }),
  }),
  ...(uses('read-archive') && {
    archive: createRemoteArchive({ invoke: createInvoke(readArchiveFunction(env)) }),
  }),
};
const tokens = createTokens(settings.readTokenSecret(env, readSecret));
// Where the clock stands still, deadlines and credentials must not: they run by the machine's own.
const sleep = (ms: number, signal?: AbortSignal) => setTimeout(ms, undefined, { signal });
const timer = { clock: Date.now, sleep };
const engine = createQueryEngine({
  ...{ catalog, stores, tokens, timer, clock, generation },
  unreadyIndexes: settings.readUnreadyIndexes(env),
});
const authenticate = createAuthenticator({ ...settings.readIdentity(env), clock: Date.now });
const app = createQueryApp({ engine, authenticate, log: openLog('query'), newRequestId: randomUUID });

export const handler = handle(app);
