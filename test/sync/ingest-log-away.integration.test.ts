import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { decodeRecord } from '../../lambda/change/decode.ts';
import { compile, entity, entityOf, integer, kafka, model, text } from '../../lambda/model/index.ts';
import { createChangeLog, createTopicRecords, ensureTopics } from '../../lambda/stores/kafka/index.ts';
import { createBackPressure } from '../../lambda/sync/back-pressure.ts';
import { createIngestApp } from '../../lambda/sync/ingest.ts';
import { freePorts, type RunningEngines, startEngines } from '../../local/engines/index.ts';
import { setUp } from '../../local/setup/index.ts';
import { createFakeLines, createFakeMetrics } from './fakes.ts';

jest.setTimeout(240_000);

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const stateDir = mkdtempSync(join(tmpdir(), 'polystore-ingest-'));
const catalog = compile(
  model('away', [
    entity('event', {
      key: ['owner', 'number'],
      tenant: 'owner',
      fields: { owner: text(), number: integer() },
      source: kafka({ partitions: 1 }),
    }),
  ]),
);

// A broker of its own, which may stand still without anybody else's tests.
let engines: RunningEngines;
beforeAll(async () => {
  const downloads = await setUp({ root, silent: true });
  engines = await startEngines({
    downloads,
    stateDir,
    ports: await freePorts(),
    durable: true,
    engines: ['kafka'],
  });
});
afterAll(async () => {
  await engines.stop();
  rmSync(stateDir, { recursive: true, force: true });
});

test('events are acknowledged only when the real log has them: while it stands still, callers are told to come back', async () => {
  const connection = { brokers: engines.endpoints.kafka.brokers, auth: 'none', clientId: 'test' } as const;
  await ensureTopics(catalog, { ...connection, replication: 1 });
  const changeLog = createChangeLog({ ...connection, timeoutMs: 3_000 });
  const app = createIngestApp({
    catalog,
    changeLog,
    authenticate: async () => ({ kind: 'operator', subject: 'someone' }),
    issueToken: async () => 'a token',
    generation: 0,
    clock: Date.now,
    log: createFakeLines(),
    metrics: createFakeMetrics(),
    backPressure: createBackPressure({ maxRequests: 3, clock: Date.now }),
  });
  const acknowledged: number[] = [];
  const post = async (number: number) => {
    const response = await app.request('/events', {
      method: 'POST',
      body: JSON.stringify({ entity: 'event', events: [{ owner: 'AA', number }] }),
    });
    if (response.status === 200) acknowledged.push(number);
    return { status: response.status, retryAfter: Number(response.headers.get('retry-after')) };
  };
  expect(await post(0)).toMatchObject({ status: 200 });

  await engines.kill('kafka', 'SIGSTOP');
  const answers = await Promise.all([1, 2, 3, 4, 5].map(post));
  await engines.kill('kafka', 'SIGCONT');

  // One ran into the silence, two waited behind it, two found the place full.
  expect(answers.map(({ status }) => status).sort()).toEqual([429, 429, 429, 429, 503]);
  expect(answers.every(({ retryAfter }) => retryAfter >= 1)).toBe(true);

  // What every caller is told to do: send it again.
  for (const number of [1, 2, 3, 4, 5]) while ((await post(number)).status !== 200) await nextSecond();
  await changeLog.close();

  const found = await readAll(connection.brokers);
  for (const number of [0, 1, 2, 3, 4, 5]) expect(found).toContain(number);
  expect(acknowledged.toSorted()).toEqual([0, 1, 2, 3, 4, 5]);
});

const nextSecond = () => new Promise((resolve) => setTimeout(resolve, 1_000));

async function readAll(brokers: readonly string[]): Promise<readonly unknown[]> {
  const event = entityOf(catalog, 'event');
  const records = createTopicRecords({ brokers, auth: 'none', clientId: 'reader', topic: event.topic });
  const end = (await records.offsets('latest')).get(0) ?? 0n;
  const found: unknown[] = [];
  for (let at = 0n; at < end; ) {
    const fetched = await records.read(0, at);
    if (fetched.kind !== 'records') throw new Error('the topic lost records');
    for (const { offset, value, headers } of fetched.records) {
      const decoded = decodeRecord(event, {
        ...{ topic: event.topic, partition: 0, offset, timestampMs: 0, key: undefined },
        value: value ?? undefined,
        headers: Object.fromEntries(headers.map(([name, text]) => [String(name), String(text)])),
      });
      if (decoded.kind === 'change') found.push(decoded.change.key.number);
    }
    at = fetched.next;
  }
  await records.close();
  return found;
}
