import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type EnginePorts, freePorts, isFree } from '../../local/engines/index.ts';

// The real commands, as a person gives them, each a process of its own.

const root = join(import.meta.dirname, '..', '..');
const minuteMs = 60_000;
const dayAfter = (days: number): string =>
  new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10);
/** Tomorrow: no view lets go of it yet, and it is not what a start would choose by itself. */
const day = dayAfter(1);
const flightsOfTheDay = 842;

/** Where one run lives: its folder, and the environment that gives it ports of its own. */
interface Place {
  readonly stateDir: string;
  readonly ports: readonly number[];
  readonly env: NodeJS.ProcessEnv;
}

const variables: Readonly<Record<keyof EnginePorts, string>> = {
  postgresWriter: 'POSTGRES_WRITER',
  postgresDashboard: 'POSTGRES_DASHBOARD',
  postgresAnalytics: 'POSTGRES_ANALYTICS',
  postgresReporting: 'POSTGRES_REPORTING',
  kafka: 'KAFKA',
  kafkaController: 'KAFKA_CONTROLLER',
  connect: 'CONNECT',
  dynamodb: 'DYNAMODB',
  valkey: 'VALKEY',
  cassandra: 'CASSANDRA',
  cassandraStorage: 'CASSANDRA_STORAGE',
  opensearch: 'OPENSEARCH',
  opensearchTransport: 'OPENSEARCH_TRANSPORT',
};

async function makePlace(): Promise<Place> {
  // A space, for paths of people's machines have some.
  const stateDir = mkdtempSync(join(tmpdir(), 'polystore command line-'));
  const { kafka: api } = await freePorts();
  const engines = await freePorts();
  return {
    stateDir,
    ports: [api, ...Object.values(engines)],
    env: {
      ...process.env,
      POLYSTORE_STATE: stateDir,
      POLYSTORE_PORT_API: String(api),
      ...Object.fromEntries(
        // The keys of `variables` are those of the ports, by its type.
        Object.entries(variables).map(([name, variable]) => [
          `POLYSTORE_PORT_${variable}`,
          String(engines[name as keyof EnginePorts]),
        ]),
      ),
    },
  };
}

interface Ended {
  readonly code: number | string | null | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs one command to its end. */
function polystore(place: Place, ...args: readonly string[]): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [join(root, 'bin', 'launch.js'), ...args],
      { cwd: root, env: place.env, timeout: 2 * minuteMs },
      (error, stdout, stderr) => resolve({ code: error === null ? 0 : error.code, stdout, stderr }),
    );
  });
}

async function ask(place: Place, ...args: readonly string[]): Promise<Record<string, unknown>> {
  const { stdout, stderr } = await polystore(place, ...args, '--json');
  if (stdout === '') throw new Error(`${args.join(' ')} printed nothing: ${stderr}`);
  // Every command prints one JSON object.
  return JSON.parse(stdout) as Record<string, unknown>;
}

interface Start {
  readonly npm: ChildProcess;
  /** What it has printed on standard output and standard error. */
  readonly output: { stdout: string; stderr: string };
}

function npmStart(place: Place, ...args: readonly string[]): Start {
  const npm = spawn('npm', ['start', '--silent', '--', '--json', ...args], {
    cwd: root,
    env: place.env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = { stdout: '', stderr: '' };
  npm.stdout.setEncoding('utf8').on('data', (text: string) => {
    output.stdout += text;
  });
  npm.stderr.setEncoding('utf8').on('data', (text: string) => {
    output.stderr += text;
  });
  return { npm, output };
}

/** What a start prints when it serves. */
async function untilServing({ npm, output }: Start): Promise<Record<string, unknown>> {
  while (!output.stdout.includes('\n')) {
    if (npm.exitCode !== null) throw new Error(`the start ended with ${npm.exitCode}:\n${output.stderr}`);
    await delay(50);
  }
  return JSON.parse(output.stdout) as Record<string, unknown>;
}

/** The processes that name the folder on their command line or in their environment. */
function processesOf({ stateDir }: Place): readonly string[] {
  return readdirSync('/proc').filter((name) => {
    if (!/^\d+$/.test(name) || Number(name) === process.pid) return false;
    try {
      const texts = ['cmdline', 'environ'].map((file) => readFileSync(join('/proc', name, file), 'utf8'));
      return texts.some((text) => text.includes(stateDir));
    } catch {
      return false;
    }
  });
}

async function expectNothingLeft(place: Place): Promise<void> {
  expect(processesOf(place)).toEqual([]);
  expect(await Promise.all(place.ports.map(isFree))).toEqual(place.ports.map(() => true));
  expect(existsSync(join(place.stateDir, 'run.json'))).toBe(false);
}

async function countFlights(place: Place): Promise<unknown> {
  const { rows } = await ask(place, 'query', 'select count(*) as n from flight', '--operator');
  return rows;
}

describe('a run', () => {
  let place: Place;
  let started: Start;
  let announced: Record<string, unknown>;
  const start = async (...args: readonly string[]): Promise<void> => {
    started = npmStart(place, ...args);
    announced = await untilServing(started);
  };
  const stop = async (): Promise<void> => {
    const ended = once(started.npm, 'exit');
    await polystore(place, 'stop');
    await ended;
  };

  beforeAll(async () => {
    place = await makePlace();
    await start('--days', '1', '--as-of', day);
  }, 10 * minuteMs);

  afterAll(async () => {
    await stop();
    rmSync(place.stateDir, { recursive: true, force: true });
  }, 2 * minuteMs);

  test('tells programs where everything is', () => {
    expect(announced).toMatchObject({
      api: `http://127.0.0.1:${place.env.POLYSTORE_PORT_API}`,
      asOf: day,
      subject: { kind: 'tenant', tenant: 'UA' },
      credential: expect.stringMatching(/^[\w-]+\.[\w-]+\.[\w-]+$/),
    });
  });

  test(
    'answers each of the queries that it prints, with rows',
    async () => {
      const queries = announced.queries as readonly { readonly sql: string }[];

      const answers = [];
      for (const { sql } of queries) answers.push(await ask(place, 'query', sql));

      const engines = answers.map((answer) => (answer.route as { readonly engine: string }).engine);
      expect(engines).toEqual([
        ...['dynamodb', 'redis', 'redis', 'keyspaces', 'keyspaces', 'opensearch', 'aurora', 'duckdb'],
      ]);
      expect(answers.every((answer) => Number(answer.rowCount) > 0)).toBe(true);
    },
    minuteMs,
  );

  test(
    'shows a write to who gives its token',
    async () => {
      const own = `scheduled_at >= '${day}' and scheduled_at < '${dayAfter(2)}'`;
      const { rows } = await ask(
        place,
        'query',
        `select * from flight where ${own} and origin = 'EWR' limit 1`,
      );
      const [flight] = rows as readonly Record<string, unknown>[];
      const key = `flight_number = ${flight?.flight_number} and scheduled_at = '${flight?.scheduled_at}'`;

      const written = await ask(
        place,
        'query',
        `update flight set status = 'cancelled' where carrier = 'UA' and ${key}`,
      );
      const read = await ask(
        place,
        'query',
        `select status from flight where carrier = 'UA' and ${key}`,
        '--token',
        String(written.token),
      );

      expect(read.rows).toEqual([{ status: 'cancelled' }]);
    },
    minuteMs,
  );

  test(
    'prints rows, engine and count for people, and explains',
    async () => {
      const query = await polystore(
        place,
        'query',
        'select carrier, name from carrier order by carrier limit 2',
      );
      const plan = await polystore(
        place,
        'explain',
        'select carrier, name from carrier order by carrier limit 2',
      );

      expect(query).toMatchObject({ code: 0, stdout: expect.stringContaining('1 row from aurora.') });
      expect(plan).toMatchObject({
        code: 0,
        stdout: expect.stringMatching(/aurora\.\w+ \(aurora\)[\s\S]*considered/),
      });
    },
    minuteMs,
  );

  test(
    'says what is wrong in one line, and fails',
    async () => {
      const { code, stderr } = await polystore(place, 'query', 'select * from nothing');

      expect(code).toBe(1);
      expect(stderr).toMatch(/^unknown_entity: .*\n$/);
    },
    minuteMs,
  );

  test(
    'serves with every part',
    async () => {
      const { code, stdout } = await polystore(place, 'status', '--json');

      expect(JSON.parse(stdout)).toMatchObject({ serving: true });
      expect(code).toBe(0);
    },
    minuteMs,
  );

  test(
    'kills a function, which comes back by itself, and an engine, which is started again by name',
    async () => {
      const killed = await ask(place, 'kill', 'apply-redis');
      const engine = await ask(place, 'kill', 'valkey');
      const down = await polystore(place, 'status', '--json');
      const restarted = await ask(place, 'restart', 'valkey');
      const stranger = await ask(place, 'kill', 'mysql');

      expect(killed).toMatchObject({ part: 'apply-redis', kind: 'function', pid: expect.any(Number) });
      expect(engine).toMatchObject({ part: 'valkey', kind: 'engine' });
      expect(down.code).toBe(1);
      expect(restarted).toEqual({ restarted: 'valkey' });
      expect(stranger).toMatchObject({ error: { code: 'invalid_request' } });
      while ((await ask(place, 'status')).serving !== true) await delay(200);
    },
    2 * minuteMs,
  );

  test(
    'is the only one of its folder',
    async () => {
      const second = await polystore(place, 'start', '--fresh');

      expect(second).toMatchObject({ code: 1, stderr: expect.stringMatching(/^already_running: /m) });
      expect(await ask(place, 'status')).toMatchObject({ serving: true });
    },
    minuteMs,
  );

  test(
    'stopped and started again goes on where it was, with the day that it had',
    async () => {
      const before = await countFlights(place);
      await stop();
      await expectNothingLeft(place);

      await start('--no-load');
      const load = await ask(place, 'load', '--days', '1');

      expect(before).toEqual([{ n: flightsOfTheDay }]);
      expect(await countFlights(place)).toEqual(before);
      expect(announced).toMatchObject({ asOf: day });
      expect(load).toMatchObject({
        state: 'finished',
        request: { asOf: day },
        summary: { flightSteps: { created: 0, updated: 0 }, eventsPosted: 0 },
      });
    },
    5 * minuteMs,
  );
});

test(
  'a SIGTERM to npm during the start ends all of it, and stop and status see a run that is starting',
  async () => {
    const place = await makePlace();
    const { npm, output } = npmStart(place, '--no-load');
    const ended = once(npm, 'exit');
    while (!output.stderr.includes('starting (pid')) await delay(20);

    const status = await polystore(place, 'status', '--json');
    npm.kill('SIGTERM');
    await ended;
    while (!output.stderr.includes('nothing is left running')) await delay(20);
    for (let tries = 0; tries < 100 && processesOf(place).length > 0; tries += 1) await delay(20);

    expect(status.code).toBe(1);
    expect(JSON.parse(status.stdout)).toMatchObject({ serving: false });
    await expectNothingLeft(place);
    rmSync(place.stateDir, { recursive: true, force: true });
  },
  3 * minuteMs,
);
