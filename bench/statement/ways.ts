import { setTimeout } from 'node:timers/promises';
import { AwsPGClient } from 'aws-advanced-nodejs-wrapper/pg';
import pg from 'pg';
import type { Row, Value } from '../../lambda/change/change.ts';
import type { Catalog } from '../../lambda/model/index.ts';
import { createAnalyser } from '../../lambda/query/analyse.ts';
import { createQueryEngine, createTokens } from '../../lambda/query/index.ts';
import { limits } from '../../lambda/query/limits.ts';
import { createAuroraStore } from '../../lambda/stores/aurora/index.ts';
import { createMemoryStore } from '../../lambda/stores/memory/index.ts';

/** A statement that is asked again and again, with other parameters each time. */
export interface Asked {
  readonly name: string;
  readonly sql: string;
  readonly paramsOf: (turn: number) => readonly Value[];
}

export interface Endpoint {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
}

/** One way of having statements answered. */
export interface Way {
  readonly name: string;
  /** Makes what asks one statement; the rows are as the way gives them. */
  prepare(asked: Asked): Promise<(turn: number) => Promise<readonly unknown[]>>;
  close(): Promise<void>;
}

const tenant = 'UA';

/** The query engine in process, as the function opens it; the replica of every workload is the writer. */
export function routerWay(catalog: Catalog, { host, port, database, user }: Endpoint): Way {
  const clock = Date.now;
  const aurora = createAuroraStore({
    ...{ writer: { host, port }, database, user, tls: 'disable' },
    ...{ clock, poolSize: 4 },
  });
  const memory = createMemoryStore({ clock });
  const engine = createQueryEngine({
    ...{ catalog, clock, generation: 0 },
    // What is asked here lies in Aurora alone.
    stores: { aurora, dynamodb: memory, redis: memory },
    tokens: createTokens(new Uint8Array(32)),
    timer: { clock, sleep: (ms, signal) => setTimeout(ms, undefined, { signal }) },
  });
  return {
    name: 'the router',
    prepare: async ({ sql, paramsOf }) => {
      return async (turn) => {
        const { rows, route } = await engine.query(
          {
            // Of sources only, so that no cache answers in Aurora's place.
            ...{ sql, params: paramsOf(turn), freshness: 'default', tokens: [], workload: undefined },
            ...{ timeoutMs: limits.timeoutMs.default, maxRows: limits.maxRows.default },
            ...{ pageSize: undefined, cursor: undefined, scan: 'refused', partial: false },
          },
          { kind: 'tenant', tenant, subject: 'bench' },
        );
        if (route.engine !== 'aurora') throw new Error(`${route.placement} answered, not Aurora`);
        return rows;
      };
    },
    close: () => aurora.close(),
  };
}

/** What of a driver's client is needed: `pg`'s own, and the wrapper's, which has the same methods. */
interface Client {
  query(text: string, values?: unknown[]): Promise<{ readonly rows: Row[] }>;
  end(): Promise<void>;
}

/** The tenant's transaction by hand, statement after statement. */
async function clientWay(name: string, catalog: Catalog, client: Client): Promise<Way> {
  const analyse = createAnalyser(catalog);
  return {
    name,
    prepare: async ({ sql, paramsOf }) => {
      // As the router writes it for PostgreSQL.
      const text = await (await analyse(sql)).render();
      return async (turn) => {
        await client.query('begin isolation level read committed read only');
        await client.query('select polystore.enter($1, $2)', [tenant, limits.timeoutMs.default]);
        const { rows } = await client.query(text, [...paramsOf(turn)]);
        await client.query('commit');
        return rows;
      };
    },
    close: () => client.end(),
  };
}

export async function pgWay(name: string, catalog: Catalog, endpoint: Endpoint): Promise<Way> {
  const client = new pg.Client({ ...endpoint });
  await client.connect();
  return clientWay(name, catalog, client);
}

/** As its documentation connects, with the plugins that it has by default. */
export async function wrapperWay(catalog: Catalog, endpoint: Endpoint): Promise<Way> {
  const client = new AwsPGClient({ ...endpoint });
  await client.connect();
  return clientWay('aws-advanced-nodejs-wrapper', catalog, client);
}
