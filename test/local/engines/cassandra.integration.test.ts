import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Client } from 'cassandra-driver';
import {
  type EngineExit,
  type EngineSet,
  freePorts,
  type RunningEngines,
  startEngines,
} from '../../../local/engines/index.ts';
import { setUp } from '../../../local/setup/index.ts';
import { listenersOf } from './listeners.ts';

const root = join(import.meta.dirname, '..', '..', '..');
const minuteMs = 60_000;
// A space, for paths of people's machines have some.
const parent = mkdtempSync(join(tmpdir(), 'polystore cassandra-'));
let engines: RunningEngines;

async function start(): Promise<RunningEngines> {
  const downloads = await setUp({ root, silent: true, parts: ['cassandra'] });
  // Other ports at each start: a kept folder is not bound to them.
  const ports = await freePorts();
  return startEngines({ downloads, stateDir: parent, ports, durable: true, engines: ['cassandra'] });
}

beforeAll(async () => {
  engines = await start();
}, 5 * minuteMs);
afterAll(async () => {
  await engines?.stop();
  rmSync(parent, { recursive: true, force: true });
}, minuteMs);

async function withClient<T>({ cassandra }: EngineSet, use: (client: Client) => Promise<T>): Promise<T> {
  const { host, port, datacenter } = cassandra;
  const client = new Client({
    contactPoints: [`${host}:${port}`],
    localDataCenter: datacenter,
    socketOptions: { readTimeout: minuteMs },
  });
  try {
    await client.connect();
    return await use(client);
  } finally {
    await client.shutdown();
  }
}

/** Makes a table as on AWS, with the region as the data centre. */
async function createTable(client: Client, keyspace: string): Promise<void> {
  await client.execute(
    `create keyspace ${keyspace} with replication = {'class': 'NetworkTopologyStrategy', 'eu-west-1': 1}`,
  );
  await client.execute(`create table ${keyspace}.kept (id int primary key, text text)`);
}

const insert = (client: Client, keyspace: string, id: number): Promise<unknown> =>
  client.execute(`insert into ${keyspace}.kept (id, text) values (?, ?)`, [id, `row ${id}`], {
    prepare: true,
  });

async function readIds(client: Client, keyspace: string): Promise<ReadonlySet<number>> {
  const ids = new Set<number>();
  // Page by page.
  for await (const row of await client.execute(`select id from ${keyspace}.kept`)) ids.add(row.id);
  return ids;
}

test('listens on 127.0.0.1 only', () => {
  const pids = engines.processes().map(({ pid }) => pid);

  const listeners = pids.map(listenersOf);

  // For clients and for other nodes; none for JMX.
  expect(listeners).toEqual([{ all: 2, elsewhere: [] }]);
});

test(
  'keeps tables and rows over a stop and a start, on other ports too',
  async () => {
    await withClient(engines.endpoints, async (client) => {
      await createTable(client, 'stopped');
      await insert(client, 'stopped', 1);
    });

    await engines.stop();
    engines = await start();

    const ids = await withClient(engines.endpoints, (client) => readIds(client, 'stopped'));
    expect([...ids]).toEqual([1]);
  },
  5 * minuteMs,
);

test(
  'a node that is killed under load loses nothing that it acknowledged, not even tables just made',
  async () => {
    const exits: EngineExit[] = [];
    engines.onExit((exit) => exits.push(exit));
    const acknowledged: number[] = [];

    await withClient(engines.endpoints, async (client) => {
      await createTable(client, 'killed');
      let next = 0;
      const write = async (): Promise<void> => {
        for (;;) {
          const id = next;
          next += 1;
          await insert(client, 'killed', id);
          acknowledged.push(id);
          // In the middle of everybody's writes.
          if (acknowledged.length === 500) await engines.kill('cassandra', 'SIGKILL');
        }
      };
      await Promise.allSettled(Array.from({ length: 30 }, write));
    });
    await engines.restart('cassandra');

    const kept = await withClient(engines.endpoints, (client) => readIds(client, 'killed'));
    expect(exits.map(({ engine, signal }) => `${engine} ${signal}`)).toEqual(['cassandra SIGKILL']);
    expect(acknowledged.length).toBeGreaterThanOrEqual(500);
    expect(acknowledged.filter((id) => !kept.has(id))).toEqual([]);
  },
  5 * minuteMs,
);
