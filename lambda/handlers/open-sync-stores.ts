import {
  auroraPools,
  type Backend,
  type Catalog,
  functionsOf,
  environmentNames as names,
} from '../model/index.ts';
import { createAuroraStore } from '../stores/aurora/index.ts';
import { createDynamodbStore } from '../stores/dynamodb/index.ts';
import { createInvoke } from '../stores/invoke/index.ts';
import { createKafkaStore } from '../stores/kafka/index.ts';
import { createKeyspacesStore } from '../stores/keyspaces/index.ts';
import { createOpensearchStore } from '../stores/opensearch/index.ts';
import { createRedisStore } from '../stores/redis/index.ts';
import { createRemoteArchive } from '../stores/remote-archive/index.ts';
import type { Clock } from '../stores/store.ts';
import type { SyncStores } from '../sync/sync-stores.ts';
import { readArchiveFunction, readArchiveWriter } from './invoke-settings.ts';
import { readAuroraConnection } from './open-aurora.ts';
import type { ReadSecret } from './secrets.ts';
import * as settings from './settings.ts';

/** Every store of a model, as the function `project` works with them. */
export function openSyncStores(
  env: settings.Environment,
  { catalog, clock, readSecret }: SyncStoreOptions,
): SyncStores & {
  readonly aurora: ReturnType<typeof createAuroraStore>;
  readonly kafka: ReturnType<typeof createKafkaStore>;
} {
  const uses = (backend: Backend): boolean =>
    functionsOf(catalog).some(({ name, backends }) => name === 'project' && backends.includes(backend));
  const generation = settings.readGeneration(env);
  const connection = readAuroraConnection(env, readSecret);
  const aurora = createAuroraStore({ ...connection, clock, poolSize: auroraPools.project, generation });
  const archive = uses('write-archive')
    ? createRemoteArchive({
        invoke: createInvoke(readArchiveFunction(env)),
        invokeWriter: createInvoke(readArchiveWriter(env)),
      })
    : undefined;
  const kafka = createKafkaStore({
    ...settings.readLogConnection(env, 'polystore-project'),
    clock,
    ...(archive && { history: archive }),
  });
  const table = (): string =>
    settings.readVariables(env, { [names.dynamodbTable]: settings.text })[names.dynamodbTable];
  return {
    aurora,
    kafka,
    sources: {
      aurora,
      kafka,
      ...(uses('dynamodb') && {
        dynamodb: createDynamodbStore({
          ...settings.readDynamodb(env),
          tableName: table(),
          catalog,
          clock,
          generation,
        }),
      }),
    },
    views: {
      aurora,
      ...(archive && { archive }),
      ...(uses('redis') && { redis: createRedisStore({ ...settings.readRedis(env), clock }) }),
      ...(uses('keyspaces') && {
        keyspaces: createKeyspacesStore({ ...settings.readKeyspaces(env), catalog, clock }),
      }),
      ...(uses('opensearch') && {
        opensearch: createOpensearchStore({ ...settings.readOpensearch(env), model: catalog.name, clock }),
      }),
    },
  };
}

interface SyncStoreOptions {
  readonly catalog: Catalog;
  readonly clock: Clock;
  readonly readSecret: ReadSecret;
}
