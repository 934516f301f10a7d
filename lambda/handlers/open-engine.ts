import { setTimeout } from 'node:timers/promises';
import { type Backend, functionsOf } from '../model/index.ts';
import type { Combiner } from '../query/combine/combiner.ts';
import { createQueryEngine, createRemoteCombiner, createTokens } from '../query/index.ts';
import type { QueryStores } from '../query/query-stores.ts';
import { createAuroraStore } from '../stores/aurora/index.ts';
import type { InvokeFunction, InvokeOptions } from '../stores/invoke/index.ts';
import { createRemoteArchive } from '../stores/remote-archive/index.ts';
import type { AggregateStore, Clock, PagedStore, TopStore } from '../stores/store.ts';
import { readArchiveFunction, readCombineFunction } from './invoke-settings.ts';
import { catalog } from './model.ts';
import { readAuroraConnection } from './open-aurora.ts';
import { once, openStoreLater, openViewsLater } from './open-later.ts';
import { openSecrets } from './open-secrets.ts';
import * as settings from './settings.ts';

export interface EngineOptions {
  /** Connections to each address of Aurora at most. */
  readonly poolSize: number;
  /** What combines several stores here. @default - the function that does is invoked */
  readonly combiner?: Combiner;
}

/** The query engine over the stores that the environment names. */
export function openEngine(env: settings.Environment, { poolSize, combiner }: EngineOptions) {
  const clock = settings.readClock(env);
  const generation = settings.readGeneration(env);
  const readSecret = openSecrets(clock);
  const uses = (backend: Backend): boolean =>
    functionsOf(catalog).some(({ name, backends }) => name === 'query' && backends.includes(backend));
  const table = settings.readTable(env);
  const dynamodb = openStoreLater(async () => {
    const { createDynamodbStore } = await import('../stores/dynamodb/index.ts');
    // A clock that stands still is off by design.
    return createDynamodbStore({
      ...table,
      ...{ catalog, clock, generation },
      checksClock: clock === Date.now,
    });
  });
  const redis = settings.readRedis(env);
  const stores = {
    aurora: createAuroraStore({ ...readAuroraConnection(env, readSecret), clock, poolSize }),
    dynamodb: {
      ...dynamodb,
      pages: pagesLater(dynamodb.store),
      writer: { transact: async (statements) => (await dynamodb.store()).writer.transact(statements) },
    },
    redis: openViewsLater(async () => {
      const { createRedisStore } = await import('../stores/redis/index.ts');
      return createRedisStore({ ...redis, clock });
    }),
    ...(uses('keyspaces') && { keyspaces: openKeyspaces(settings.readKeyspaces(env), clock) }),
    ...(uses('opensearch') && { opensearch: openOpensearch(settings.readOpensearch(env), clock) }),
    ...(uses('read-archive') && {
      archive: createRemoteArchive({ invoke: invokeLater(readArchiveFunction(env)) }),
    }),
    ...(combiner !== undefined
      ? { combiner }
      : uses('combine') && { combiner: createRemoteCombiner(invokeLater(readCombineFunction(env))) }),
  } satisfies QueryStores;
  const tokens = createTokens(settings.readTokenSecret(env, readSecret));
  // Where the clock stands still, deadlines must not: they run by the machine's own.
  const sleep = (ms: number, signal?: AbortSignal) => setTimeout(ms, undefined, { signal });
  const timer = { clock: Date.now, sleep };
  const engine = createQueryEngine({
    ...{ catalog, stores, tokens, timer, clock, generation },
    unreadyIndexes: settings.readUnreadyIndexes(env),
  });
  return {
    engine,
    /** Ends the connections; what still runs on them fails. */
    close: async () => {
      await Promise.allSettled(Object.values(stores).map((store) => store.close()));
    },
  };
}

function openKeyspaces(connection: ReturnType<typeof settings.readKeyspaces>, clock: Clock) {
  const later = openViewsLater(async () => {
    const { createKeyspacesStore } = await import('../stores/keyspaces/index.ts');
    return createKeyspacesStore({ ...connection, catalog, clock });
  });
  const aggregate: AggregateStore['aggregate'] = async (fragment) =>
    (await later.store()).aggregate(fragment);
  return { ...later, aggregate };
}

function openOpensearch(connection: ReturnType<typeof settings.readOpensearch>, clock: Clock) {
  const later = openViewsLater(async () => {
    const { createOpensearchStore } = await import('../stores/opensearch/index.ts');
    return createOpensearchStore({ ...connection, model: catalog.name, clock });
  });
  const aggregate: AggregateStore['aggregate'] = async (fragment) =>
    (await later.store()).aggregate(fragment);
  const top: TopStore['top'] = async (fragment) => (await later.store()).top(fragment);
  return { ...later, aggregate, pages: pagesLater(later.store), top };
}

const pagesLater = (store: () => Promise<PagedStore>): PagedStore['pages'] =>
  async function* (fragment) {
    yield* (await store()).pages(fragment);
  };

function invokeLater(options: InvokeOptions): InvokeFunction {
  const invoke = once(async () => {
    const { createInvoke } = await import('../stores/invoke/index.ts');
    return createInvoke(options);
  });
  return async (payload) => (await invoke())(payload);
}
