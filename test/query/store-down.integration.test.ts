import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Row } from '../../lambda/change/change.ts';
import { createVersion } from '../../lambda/change/version.ts';
import {
  aurora,
  compile,
  dynamodb,
  entity,
  entityOf,
  integer,
  model,
  redis,
  text,
} from '../../lambda/model/index.ts';
import { createQueryApp } from '../../lambda/query/app.ts';
import { createDuckdbCombiner } from '../../lambda/query/combine/duckdb.ts';
import { createQueryEngine, createTokens } from '../../lambda/query/index.ts';
import { applySchema, createAuroraStore } from '../../lambda/stores/aurora/index.ts';
import { createDynamodbStore, ensureTable } from '../../lambda/stores/dynamodb/index.ts';
import { createRedisStore } from '../../lambda/stores/redis/index.ts';
import { keyOf } from '../../lambda/stores/source-write.ts';
import type { Caller, Placement } from '../../lambda/stores/store.ts';
import { freePorts, type RunningEngines, startEngines } from '../../local/engines/index.ts';
import { setUp } from '../../local/setup/index.ts';
import { secret, realTimer as timer } from './harness.ts';

// Engines of its own: stopping those of the run would disturb others.
const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const stateDir = mkdtempSync(join(tmpdir(), 'polystore-down-'));
const caller: Caller = { kind: 'tenant', tenant: 'UA', subject: 'test' };

/** Lines of orders in DynamoDB and in Redis; what parts are called in Aurora alone. */
const catalog = compile(
  model('down', [
    entity('line', {
      key: ['tenant', 'purchaseId', 'number'],
      tenant: 'tenant',
      fields: { tenant: text(), purchaseId: text(), number: integer(), part: text() },
      source: dynamodb({ partitionKey: 'T#{tenant}#P#{purchaseId}', sortKey: 'L#{number}' }),
      views: { byKey: redis.hash({ by: ['tenant', 'purchaseId', 'number'] }) },
    }),
    entity('part', {
      key: ['tenant', 'part'],
      tenant: 'tenant',
      fields: { tenant: text(), part: text(), name: text() },
      source: aurora(),
    }),
  ]),
);
const lineEntity = entityOf(catalog, 'line');
const lines: readonly Row[] = [
  { tenant: 'UA', purchase_id: 'p1', number: 1, part: 'a' },
  { tenant: 'UA', purchase_id: 'p1', number: 2, part: 'b' },
  { tenant: 'AA', purchase_id: 'p1', number: 3, part: 'a' },
];

let engines: RunningEngines;
let ask: (
  sql: string,
  limits?: object,
  accept?: string,
  path?: string,
) => Promise<{ status: number; text: string }>;
let hosts: RegExp;
let close = async (): Promise<void> => {};

beforeAll(async () => {
  const downloads = await setUp({ root, silent: true });
  engines = await startEngines({
    ...{ downloads, stateDir, ports: await freePorts(), durable: true },
    engines: ['postgres-writer', 'dynamodb', 'valkey'],
  });
  const { postgresWriter: writer, dynamodb: items, valkey } = engines.endpoints;
  const login = { database: writer.database, user: writer.user, tls: 'disable' } as const;
  await applySchema({
    connection: { host: writer.host, port: writer.port, ...login },
    ...{ catalog, allow: [], clock: Date.now },
  });
  const table = { ...items, region: 'eu-west-1', tableName: 'down', catalog };
  await ensureTable(table);
  const stores = {
    aurora: createAuroraStore({ writer, ...login, clock: Date.now, poolSize: 4 }),
    dynamodb: createDynamodbStore({ ...table, clock: Date.now }),
    redis: createRedisStore({ ...valkey, tls: false, clock: Date.now }),
    combiner: await createDuckdbCombiner({ memoryMb: 128, threads: 1 }),
  };
  const engine = createQueryEngine({
    ...{ catalog, stores, tokens: createTokens(secret), timer, clock: Date.now, generation: 0 },
  });
  const noLog = () => {};
  const app = createQueryApp({
    ...{ engine, authenticate: async () => caller, newRequestId: () => 'r1' },
    log: { info: noLog, warn: noLog, error: noLog },
  });
  ask = async (sql, limits = {}, accept = 'application/json', path = '/query') => {
    const response = await app.request(path, {
      method: 'POST',
      body: JSON.stringify({ sql, limits: { timeoutMs: 8_000, ...limits } }),
      headers: { accept },
    });
    return { status: response.status, text: await response.text() };
  };
  hosts = new RegExp(`${writer.host}|${writer.port}|${valkey.port}|ECONN|socket|${stateDir}`);
  close = async () => {
    await Promise.allSettled(Object.values(stores).map((store) => store.close()));
  };
  const changes = lines.map((row, index) => ({
    ...({ kind: 'upsert', entity: 'line' } as const),
    ...{ key: keyOf(lineEntity, row), row, version: createVersion(0, BigInt(index + 1)) },
  }));
  for (const target of [lineEntity.source, ...lineEntity.views]) {
    const placement: Placement = { entity: lineEntity, target };
    const store = target === lineEntity.source ? stores.dynamodb : stores.redis;
    await store.apply(placement, changes);
  }
  const inserted = await ask(
    "insert into part (tenant, part, name) values ('UA', 'a', 'a bolt'), ('UA', 'b', 'a nut')",
  );
  expect(inserted.status).toBe(200);
});
afterAll(async () => {
  await close();
  await engines?.stop();
  rmSync(stateDir, { recursive: true, force: true });
});

const json = ({ text: body }: { readonly text: string }): Record<string, unknown> => JSON.parse(body);

test('the next placement answers for a store that is down', async () => {
  const sql = "select part from line where purchase_id = 'p1' and number = 1";
  expect(json(await ask(sql))).toMatchObject({ route: { placement: 'line.byKey' } });

  await engines.kill('valkey', 'SIGKILL');
  const answer = await ask(sql);
  await engines.restart('valkey');

  expect(json(answer)).toMatchObject({
    rows: [{ part: 'a' }],
    route: {
      placement: 'line.source',
      failed: [{ placement: 'line.byKey', code: 'store_unavailable' }],
    },
  });
  expect(answer.text).not.toMatch(hosts);
});

test('a statement over several stores fails by name, or is answered without the one that is down where that is allowed', async () => {
  const named =
    "select l.number, p.name from line l left join part p using (tenant, part) where l.purchase_id = 'p1' order by 1";
  const whole = [
    { number: 1, name: 'a bolt' },
    { number: 2, name: 'a nut' },
  ];
  const counted = named.replace('l.number, p.name', 'count(p.name)').replace(' order by 1', '');
  expect(json(await ask(named, { partial: true }))).toMatchObject({ rows: whole, missing: [] });

  const explained = await ask(named, {}, 'application/json', '/explain');

  await engines.kill('postgres-writer', 'SIGKILL');
  const explainedDown = await ask(named, {}, 'application/json', '/explain');
  const refused = await ask(named);
  const partial = await ask(named, { partial: true });
  const inLines = await ask(named, { partial: true }, 'application/x-ndjson');
  const noTotal = await ask(counted, { partial: true });
  await engines.restart('postgres-writer');
  const after = await ask(named, { partial: true });

  const missing = [
    {
      ...{ entity: 'part', placement: 'aurora.analytics', code: 'store_unavailable' },
      ...{ reads: { failed: 1, of: 1 }, nullColumns: ['name'], absentRows: false, fewerRepeats: false },
    },
  ];
  expect([refused.status, json(refused)]).toMatchObject([503, { error: { code: 'store_unavailable' } }]);
  expect(json(partial)).toMatchObject({
    rows: whole.map((row) => ({ ...row, name: null })),
    missing,
  });
  expect(json({ text: inLines.text.trim().split('\n').at(-1) ?? '' })).toMatchObject({
    rowCount: 2,
    missing,
  });
  expect([noTotal.status, json(noTotal)]).toMatchObject([
    503,
    { error: { code: 'store_unavailable', details: { notPartial: { entity: 'part' } } } },
  ]);
  expect(json(after)).toMatchObject({ rows: whole, missing: [] });
  const source = { placement: 'line.source', has: null };
  expect(json(explained)).toMatchObject({
    positions: [source, { placement: 'aurora.analytics', has: { wal: expect.stringMatching(/^[1-9]\d*$/) } }],
  });
  expect(json(explainedDown)).toMatchObject({
    positions: [
      source,
      { placement: 'aurora.analytics', has: null, why: expect.stringMatching(/not answer/) },
    ],
  });
  expect(explainedDown.text).not.toMatch(hosts);
  for (const one of [refused, partial, inLines, noTotal]) expect(one.text).not.toMatch(hosts);
});

test('a store that hangs is left out within the time of the request', async () => {
  const numbered =
    "select p.part, l.number from part p left join line l on l.part = p.part and l.purchase_id = 'p1' order by 1";

  await engines.kill('dynamodb', 'SIGSTOP');
  const partial = await ask(numbered, { partial: true, timeoutMs: 4_000 });
  await engines.kill('dynamodb', 'SIGCONT');
  const after = await ask(numbered, { partial: true });

  expect([partial.status, json(partial)]).toMatchObject([
    200,
    {
      rows: [
        { part: 'a', number: null },
        { part: 'b', number: null },
      ],
      missing: [{ entity: 'line', placement: 'line.source', nullColumns: ['number'], fewerRepeats: true }],
    },
  ]);
  expect(json(after)).toMatchObject({ rows: [{ number: 1 }, { number: 2 }], missing: [] });
  expect(partial.text).not.toMatch(hosts);
});
