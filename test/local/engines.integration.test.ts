import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { CreateTableCommand, DynamoDBClient, ListTablesCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Admin } from '@platformatic/kafka';
import { Redis } from 'ioredis';
import pg from 'pg';
import { workloads } from '../../lambda/model/index.ts';
import {
  type EngineExit,
  type EngineSet,
  type EnginesOptions,
  engineNames,
  freePorts,
  type PostgresEndpoint,
  putConnector,
  type RunningEngines,
  startEngines,
} from '../../local/engines/index.ts';
import { type Downloads, setUp } from '../../local/setup/index.ts';
import { listenersOf } from './engines/listeners.ts';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const minuteMs = 60_000;
const parent = mkdtempSync(join(tmpdir(), 'polystore-engines-'));
let downloads: Downloads;

beforeAll(async () => {
  downloads = await setUp({ root, silent: true });
}, 10 * minuteMs);
afterAll(() => rmSync(parent, { recursive: true, force: true }));

async function withSql<T>(endpoint: PostgresEndpoint, use: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client(endpoint);
  await client.connect();
  try {
    return await use(client);
  } finally {
    await client.end();
  }
}

async function ask<T extends pg.QueryResultRow>(
  endpoint: PostgresEndpoint,
  sql: string,
): Promise<readonly T[]> {
  return withSql(endpoint, async (client) => (await client.query<T>(sql)).rows);
}

async function withDynamodb<T>(
  { dynamodb }: EngineSet,
  use: (client: DynamoDBClient) => Promise<T>,
): Promise<T> {
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  const client = new DynamoDBClient({ endpoint: dynamodb.endpoint, region: 'eu-west-1', credentials });
  try {
    return await use(client);
  } finally {
    client.destroy();
  }
}

async function withValkey<T>({ valkey }: EngineSet, use: (client: Redis) => Promise<T>): Promise<T> {
  const client = new Redis(valkey);
  try {
    return await use(client);
  } finally {
    client.disconnect();
  }
}

async function withKafka<T>({ kafka }: EngineSet, use: (admin: Admin) => Promise<T>): Promise<T> {
  const admin = new Admin({ clientId: 'test', bootstrapBrokers: [...kafka.brokers] });
  try {
    return await use(admin);
  } finally {
    await admin.close();
  }
}

/** The process ids that name a folder on their command line. */
function processesOf(folder: string): readonly string[] {
  const ids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return ids.filter((id) => {
    try {
      return readFileSync(`/proc/${id}/cmdline`, 'utf8').includes(folder);
    } catch {
      return false;
    }
  });
}

/** Asks again until the answer fits; the test's own time limit ends it. */
async function eventually<T>(read: () => Promise<T>, fits: (value: T) => boolean): Promise<T> {
  for (;;) {
    const value = await read();
    if (fits(value)) return value;
    await delay(20);
  }
}

describe('a set that was started, stopped and started again', () => {
  const stateDir = join(parent, 'kept');
  let engines: RunningEngines;
  let endpoints: EngineSet;

  async function applySchema({ postgresWriter }: EngineSet): Promise<void> {
    await ask(postgresWriter, 'create table if not exists airline (carrier text primary key, name text)');
    await withSql(postgresWriter, async (client) => {
      const { rowCount } = await client.query("select from pg_replication_slots where slot_name = 'capture'");
      if (rowCount !== 0) return;
      await client.query('create publication capture for table airline');
      await client.query(
        "select pg_create_logical_replication_slot('capture', 'pgoutput', false, false, true)",
      );
    });
  }

  beforeAll(async () => {
    const options: EnginesOptions = {
      downloads,
      stateDir,
      ports: await freePorts(),
      durable: false,
      after: { 'postgres-writer': applySchema },
    };
    const first = await startEngines(options);
    await ask(first.endpoints.postgresWriter, "insert into airline values ('UA', 'United')");
    await withKafka(first.endpoints, (admin) =>
      admin.createTopics({ topics: ['kept'], partitions: 2, replicas: 1 }),
    );
    await withValkey(first.endpoints, (client) => client.set('kept', 'yes'));
    await withDynamodb(first.endpoints, (client) =>
      client.send(
        new CreateTableCommand({
          TableName: 'kept',
          BillingMode: 'PAY_PER_REQUEST',
          KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
          AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
        }),
      ),
    );
    await first.stop();
    engines = await startEngines(options);
    endpoints = engines.endpoints;
  }, 3 * minuteMs);

  afterAll(async () => {
    await engines?.stop();
    expect(processesOf(stateDir)).toEqual([]);
  }, minuteMs);

  test.each(workloads)(
    'the replica for %s streams by a slot of its own and shows what is written',
    async (workload) => {
      await ask(endpoints.postgresWriter, `insert into airline values ('${workload}', 'Delta')`);

      const rows = await eventually(
        () =>
          ask<{ name: string }>(
            endpoints.postgresReplicas[workload],
            `select name from airline where carrier = '${workload}'`,
          ),
        (found) => found.length > 0,
      );
      const receivers = await ask<{ state: string; slot: string }>(
        endpoints.postgresWriter,
        `select state, slot_name as slot from pg_stat_replication join pg_replication_slots on active_pid = pid
         where application_name = 'polystore_${workload}'`,
      );

      expect(rows).toEqual([{ name: 'Delta' }]);
      expect(receivers).toEqual([{ state: 'streaming', slot: `polystore_${workload}` }]);
    },
  );

  test.each(workloads)(
    'the replica for %s takes the failover slot over',
    async (workload) => {
      const slots = await eventually(
        () =>
          ask<{ synced: boolean }>(
            endpoints.postgresReplicas[workload],
            "select synced from pg_replication_slots where slot_name = 'capture'",
          ),
        (found) => found.length > 0,
      );

      expect(slots).toEqual([{ synced: true }]);
    },
    minuteMs,
  );

  test('commits can be made to wait for any one of the replicas, by their names', async () => {
    const names = workloads.map((workload) => `polystore_${workload}`).join(', ');
    await ask(endpoints.postgresWriter, `alter system set synchronous_standby_names = 'ANY 1 (${names})'`);
    await ask(endpoints.postgresWriter, 'select pg_reload_conf()');

    const waitedFor = await eventually(
      () =>
        ask<{ name: string }>(
          endpoints.postgresWriter,
          "select application_name as name from pg_stat_replication where sync_state = 'quorum' order by 1",
        ),
      (found) => found.length === workloads.length,
    );
    await ask(endpoints.postgresWriter, 'alter system reset synchronous_standby_names');
    await ask(endpoints.postgresWriter, 'select pg_reload_conf()');

    expect(waitedFor.map(({ name }) => name)).toEqual([
      'polystore_analytics',
      'polystore_dashboard',
      'polystore_reporting',
    ]);
  });

  test('PostgreSQL kept its rows', async () => {
    expect(
      await ask(endpoints.postgresReplicas.reporting, "select name from airline where carrier = 'UA'"),
    ).toEqual([{ name: 'United' }]);
  });

  test('Kafka kept its topics and makes none by itself', async () => {
    const topics = await withKafka(endpoints, (admin) => admin.listTopics());

    expect(topics).toContain('kept');
    await expect(
      withKafka(endpoints, (admin) => admin.metadata({ topics: ['never-made'] })),
    ).rejects.toThrow();
  });

  test('DynamoDB kept its tables', async () => {
    const { TableNames } = await withDynamodb(endpoints, (client) => client.send(new ListTablesCommand({})));

    expect(TableNames).toEqual(['kept']);
  });

  test('Valkey kept its keys', async () => {
    const [pong, kept] = await withValkey(endpoints, async (client) => [
      await client.ping(),
      await client.get('kept'),
    ]);

    expect([pong, kept]).toEqual(['PONG', 'yes']);
  });

  test(
    'Debezium runs as a connector',
    async () => {
      const { host, port, database, user } = endpoints.postgresWriter;
      const config = {
        'connector.class': 'io.debezium.connector.postgresql.PostgresConnector',
        'database.hostname': host,
        'database.port': String(port),
        'database.user': user,
        'database.password': 'none',
        'database.dbname': database,
        'topic.prefix': 'capture',
        'plugin.name': 'pgoutput',
        'slot.name': 'capture',
        'publication.name': 'capture',
        'publication.autocreate.mode': 'disabled',
        'snapshot.mode': 'no_data',
      };

      await expect(putConnector(endpoints.connect, 'capture', config)).resolves.toBeUndefined();
    },
    minuteMs,
  );

  test(
    'a connector that Connect refuses is an error in its own words',
    async () => {
      const attempt = putConnector(endpoints.connect, 'wrong', { 'connector.class': 'no.such.Connector' });

      await expect(attempt).rejects.toMatchObject({
        code: 'engine_failed',
        message: expect.stringContaining('no.such.Connector'),
      });
    },
    minuteMs,
  );

  test(
    'a killed engine is reported with its log, and starts again with its data',
    async () => {
      const exits: EngineExit[] = [];
      const stopListening = engines.onExit((exit) => exits.push(exit));

      await engines.kill('postgres-reporting', 'SIGKILL');
      await engines.kill('valkey', 'SIGKILL');
      await Promise.all([engines.restart('postgres-reporting'), engines.restart('valkey')]);
      stopListening();

      expect(exits.map(({ engine, signal }) => `${engine} ${signal}`).sort()).toEqual([
        'postgres-reporting SIGKILL',
        'valkey SIGKILL',
      ]);
      expect(exits[0]?.error.message).toMatch(/Log file: .*\.log/);
      expect(await withValkey(endpoints, (client) => client.get('kept'))).toBe('yes');
      expect(
        await ask(endpoints.postgresReplicas.reporting, "select name from airline where carrier = 'UA'"),
      ).toEqual([{ name: 'United' }]);
    },
    minuteMs,
  );

  test('every process is listed with its port, log and memory, and listens on 127.0.0.1 only', () => {
    const processes = engines.processes();

    expect(processes).toHaveLength(engineNames.length);
    for (const { pid, port, logFile, rssBytes } of processes) {
      expect([pid, port, rssBytes].every((number) => Number(number) > 0)).toBe(true);
      expect(logFile).toContain(stateDir);
      const listeners = listenersOf(pid);
      expect(listeners.all).toBeGreaterThan(0);
      expect(listeners.elsewhere).toEqual([]);
    }
  });

  test('the folder of a running set cannot be started a second time', async () => {
    const attempt = startEngines({ downloads, stateDir, ports: await freePorts(), durable: false });

    await expect(attempt).rejects.toMatchObject({ code: 'already_running' });
  });
});

describe('a start that cannot succeed', () => {
  test(
    'names the engine, its log and its last lines when it dies at its start, and leaves nothing running',
    async () => {
      const stateDir = join(parent, 'damaged');
      const files = join(stateDir, 'valkey', 'appendonlydir');
      mkdirSync(files, { recursive: true });
      writeFileSync(join(files, 'appendonly.aof.manifest'), 'this is no manifest\n');

      const attempt = startEngines({ downloads, stateDir, ports: await freePorts(), durable: false });

      await expect(attempt).rejects.toMatchObject({
        code: 'engine_failed',
        engine: 'valkey',
        message: expect.stringMatching(
          /^Valkey ended at its start, with code 1 .*\nLog file: .*valkey\.log\nIts last lines:\n[\s\S]*manifest/,
        ),
      });
      expect(processesOf(stateDir)).toEqual([]);
    },
    minuteMs,
  );

  test('names the engine of a port in use before anything starts', async () => {
    const stateDir = join(parent, 'taken');
    const ports = await freePorts();
    const listener = createServer();
    await new Promise<void>((resolve) => listener.listen(ports.dynamodb, '127.0.0.1', resolve));

    const attempt = startEngines({ downloads, stateDir, ports, durable: false });

    await expect(attempt).rejects.toMatchObject({
      code: 'port_taken',
      message: expect.stringMatching(/^DynamoDB Local needs port \d+ .*POLYSTORE_PORT_DYNAMODB=/),
    });
    expect(processesOf(stateDir)).toEqual([]);
    await new Promise((resolve) => listener.close(resolve));
  });

  test('names a folder that cannot be written', async () => {
    // Root may write everywhere but below a file.
    const file = join(parent, 'a-file');
    writeFileSync(file, '');

    const attempt = startEngines({
      downloads,
      stateDir: join(file, 'state'),
      ports: await freePorts(),
      durable: false,
    });

    await expect(attempt).rejects.toMatchObject({
      code: 'folder_not_writable',
      message: expect.stringContaining(file),
    });
  });

  test(
    'gives up when it is asked to, and leaves nothing running',
    async () => {
      const stateDir = join(parent, 'given-up');
      const abort = new AbortController();
      const attempt = startEngines({
        downloads,
        stateDir,
        ports: await freePorts(),
        durable: false,
        signal: abort.signal,
        onProgress: ({ engine, state }) => {
          if (engine === 'dynamodb' && state === 'ready') abort.abort(new Error('Ctrl-C'));
        },
      });

      await expect(attempt).rejects.toThrow('Ctrl-C');

      expect(processesOf(stateDir)).toEqual([]);
    },
    minuteMs,
  );
});
