import { DynamoDBClient, paginateScan } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { headerNames, schemaVersion } from '../../lambda/change/envelope.ts';
import { createTopicRecords } from '../../lambda/stores/kafka/index.ts';
import { deadLettersTableName } from '../../local/deployment/tables.ts';
import { applyWholeLogAgain, compare, compareWhenSettled, expectEqualAndNotEmpty } from './comparison.ts';
import { forEachOf, startTestDeployment, type TestDeployment } from './local-deployment.ts';
import { nextVersion } from './next-version.ts';
import { flightKey } from './read-sources.ts';

jest.setTimeout(20 * 60_000);

const asOf = '2013-01-01';
const now = Date.parse('2013-01-03T00:00:00Z');
let running: TestDeployment;
beforeAll(async () => {
  running = await startTestDeployment(now, { otherVersion: [nextVersion] });
});
afterAll(() => running?.end());

/** How many records of a topic each version of the encoding has written. */
async function countVersions(entity: string): Promise<Readonly<Record<string, number>>> {
  const { catalog, engines } = running.deployment;
  const topic = `${catalog.name}.changes.${entity}`;
  const reader = createTopicRecords({
    brokers: engines.endpoints.kafka.brokers,
    auth: 'none',
    clientId: 'test',
    topic,
  });
  const counts: Record<string, number> = {};
  try {
    for (const [partition, end] of await reader.offsets('latest')) {
      for (let offset = 0n; offset < end; ) {
        const fetched = await reader.read(partition, offset);
        if (fetched.kind !== 'records') throw new Error(`${topic} has lost ${offset} of ${partition}`);
        for (const { headers } of fetched.records) {
          const header = headers.find(([name]) => name?.toString() === headerNames.schema);
          const version = header?.[1]?.toString() ?? 'none';
          counts[version] = (counts[version] ?? 0) + 1;
        }
        offset = fetched.next;
      }
    }
  } finally {
    await reader.close();
  }
  return counts;
}

async function countDeadLetters(): Promise<number> {
  const { catalog, engines } = running.deployment;
  const client = new DynamoDBClient({
    endpoint: engines.endpoints.dynamodb.endpoint,
    region: 'eu-west-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
  let count = 0;
  for await (const page of paginateScan({ client }, { TableName: deadLettersTableName(catalog) }))
    count += page.Count ?? 0;
  client.destroy();
  return count;
}

it('functions of this version and of the next feed the same views from one log, and each reads what the other wrote', async () => {
  await running.loads.run({ asOf, days: 1 });
  const loaded = await compareWhenSettled(running.deployment, now);
  expectEqualAndNotEmpty(loaded);
  const flights = [...loaded.sources.flights.values()];
  const key = (row: Readonly<Record<string, unknown>>): unknown[] => flightKey.map((column) => row[column]);
  const where = 'carrier = $1 and flight_number = $2 and scheduled_at = $3';

  // Each row is written by one version and changed by whichever takes its turn.
  await forEachOf(flights.slice(0, 300), 16, (row) =>
    running.post('/query', {
      sql: `update flight set status = 'arrived', departure_delay_minutes = $4 where ${where}`,
      params: [...key(row), 2000 + Number(row.flight_number)],
    }),
  );
  await forEachOf(flights.slice(300, 330), 16, (row) =>
    running.post('/query', { sql: `delete from flight where ${where}`, params: key(row) }),
  );

  // One after the other, so that each version posts every second of them.
  for (const [index, event] of [...loaded.sources.events.values()].slice(0, 20).entries())
    await running.post('/events', {
      entity: 'flight_event',
      events: [{ ...event, event_id: `again-${index}-${String(event.event_id)}` }],
    });

  const changed = await compareWhenSettled(running.deployment, now);
  expectEqualAndNotEmpty(changed);
  for (const entity of ['flight', 'flight_event']) {
    const counts = await countVersions(entity);
    expect(Object.keys(counts).sort()).toEqual([String(schemaVersion), String(schemaVersion + 1)]);
  }

  await applyWholeLogAgain(running.deployment);
  const again = await compare(running.deployment, now);
  expectEqualAndNotEmpty(again);
  expect(again.views).toEqual(changed.views);
  expect(await countDeadLetters()).toBe(0);
  expect((await running.deployment.status()).serving).toBe(true);
});
