import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { Agent, type IncomingMessage, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { buildRouter } from '../../bin/build-router.ts';
import { createVersion } from '../../lambda/change/version.ts';
import { compile, entityOf, environmentNames as names } from '../../lambda/model/index.ts';
import { createDynamodbStore, ensureTable } from '../../lambda/stores/dynamodb/index.ts';
import { keyOf } from '../../lambda/stores/source-write.ts';
import { type Credentials, openCredentials } from '../../local/deployment/credentials.ts';
import { functionEnvironment } from '../../local/deployment/function-environment.ts';
import model from '../../model/flights.ts';
import { sharedEngines } from '../engines.ts';
import { flight } from '../query/harness.ts';

const catalog = compile(model);
const region = 'eu-west-1';
const tableName = `router-${randomUUID()}`;
const folder = mkdtempSync(join(tmpdir(), 'polystore-router-'));
const processes: ChildProcess[] = [];
let environment: Readonly<Record<string, string>>;
let credentials: Credentials;
let code: string;

beforeAll(async () => {
  const engines = sharedEngines();
  credentials = await openCredentials(folder);
  code = (await buildRouter({ root: join(import.meta.dirname, '..', '..'), outDir: folder })).folder;
  await ensureTable({ endpoint: engines.dynamodb.endpoint, region, tableName, catalog });
  const store = createDynamodbStore({
    ...{ endpoint: engines.dynamodb.endpoint, region, tableName, catalog, generation: 1 },
    clock: Date.now,
  });
  const entity = entityOf(catalog, 'flight');
  const row = flight();
  await store.apply({ entity, target: entity.source }, [
    { kind: 'upsert', entity: 'flight', key: keyOf(entity, row), row, version: createVersion(1, 1n) },
  ]);
  await store.close();
  const nowhere = { ...engines.cassandra, host: '127.0.0.1', port: 9 };
  environment = functionEnvironment({
    // One flight by its key: only its source is asked.
    engines: {
      ...engines,
      cassandra: nowhere,
      opensearch: { ...engines.opensearch, url: 'http://127.0.0.1:9' },
      kafka: { ...engines.kafka, brokers: [] },
    },
    credentials,
    tableName,
    keyspaceName: 'nowhere',
    deadLettersTableName: 'nowhere',
    archiveFolder: folder,
    lambdaEndpoint: 'http://127.0.0.1:9',
    auroraUser: 'nobody',
    generation: 1,
  });
});
afterAll(() => {
  for (const each of processes) each.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

/** What the image's ENTRYPOINT says, run in its folder. */
async function startRouter(lingerMs: number) {
  const dockerfile = readFileSync(join(code, 'Dockerfile'), 'utf8');
  const [command, ...args]: readonly string[] = JSON.parse(
    /^ENTRYPOINT (.*)$/m.exec(dockerfile)?.[1] ?? '[]',
  );
  expect(command).toBe('node');
  const child = spawn(process.execPath, args, {
    cwd: code,
    env: { ...environment, [names.port]: '0', [names.lingerMs]: String(lingerMs) },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  processes.push(child);
  const log: string[] = [];
  const serving = Promise.withResolvers<number>();
  child.stdout.on('data', (chunk: Buffer) => {
    log.push(chunk.toString());
    const port = /"port":(\d+)/.exec(log.join(''))?.[1];
    if (port !== undefined) serving.resolve(Number(port));
  });
  const exited = once(child, 'exit');
  void exited.then(() => serving.reject(new Error(`It ended before it served: ${log.join('')}`)));
  const port = await serving.promise;
  return { child, exited, port };
}

/** One request; rejects when no answer comes. */
async function send(
  { port, agent, bearer }: { readonly port: number; readonly agent: Agent; readonly bearer: string },
  path = '/query',
): Promise<{ readonly status: number; readonly body: string; readonly closes: boolean }> {
  const body = JSON.stringify({
    sql: "select origin from flight where flight_number = 1545 and scheduled_at = '2013-01-01T10:15:00Z'",
  });
  const method = path === '/query' ? 'POST' : 'GET';
  const headers = { authorization: `Bearer ${bearer}`, 'content-type': 'application/json' };
  const outgoing = request({ host: '127.0.0.1', port, path, method, agent, headers });
  outgoing.end(method === 'POST' ? body : undefined);
  const [incoming] = (await once(outgoing, 'response')) as [IncomingMessage];
  return {
    status: incoming.statusCode ?? 0,
    body: await text(incoming),
    closes: incoming.headers.connection === 'close',
  };
}

test('a router that is told to end under load answers every request, and ends by itself', async () => {
  const router = await startRouter(3_000);
  const bearer = await credentials.issue({ kind: 'tenant', tenant: 'UA' }, 600);
  const answers: string[] = [];
  const lost: unknown[] = [];
  const all = { first: Promise.withResolvers<void>(), told: 0 };
  // As a load balancer: a connection each, kept, until the router says that it ends.
  const callers = Array.from({ length: 8 }, async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    for (let told = false; !told; ) {
      const answer = await send({ port: router.port, agent, bearer }).catch((error: unknown) => {
        lost.push(error);
        return undefined;
      });
      if (answer === undefined) return;
      answers.push(`${answer.status} ${JSON.stringify(JSON.parse(answer.body).rows)}`);
      if (answers.length >= 100) all.first.resolve();
      told = answer.closes;
      if (told) all.told += 1;
    }
    agent.destroy();
  });

  await Promise.race([all.first.promise, Promise.all(callers)]);
  router.child.kill('SIGTERM');
  const agent = new Agent();
  let ready = 200;
  while (ready === 200) ready = (await send({ port: router.port, agent, bearer }, '/ready')).status;
  await Promise.all(callers);
  const [exitCode] = await router.exited;

  expect(lost).toEqual([]);
  expect([...new Set(answers)]).toEqual(['200 [{"origin":"EWR"}]']);
  expect(answers.length).toBeGreaterThan(100);
  expect([ready, all.told, exitCode]).toEqual([503, 8, 0]);
});

test('a router asks for a JWT, and takes no word of IAM', async () => {
  const router = await startRouter(0);
  const agent = new Agent();

  const answer = await send({ port: router.port, agent, bearer: 'x.y.z' });
  router.child.kill('SIGTERM');
  await router.exited;

  expect(answer.status).toBe(401);
});
