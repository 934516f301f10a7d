import {
  CreateTableCommand,
  DeleteTableCommand,
  DynamoDBClient,
  ScanCommand,
} from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import {
  createDeadLetters,
  type DeadLetter,
  renderDeadLettersTable,
} from '../../lambda/sync/dead-letters.ts';
import { loggedValue } from '../change/logged-record.ts';
import { sharedEngines } from '../engines.ts';

const table = `letters-${Date.now().toString(36)}`;
const client = new DynamoDBClient({
  endpoint: sharedEngines().dynamodb.endpoint,
  region: 'eu-west-1',
  credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
});
let now = 0;
const letters = createDeadLetters({ client, table, store: 'redis', clock: () => now });
const letter = (version: number, scope = 'flight.board'): DeadLetter => ({
  scope,
  key: '[["carrier","UA"]]',
  version: String(version).padStart(19, '0'),
  reason: 'too large',
  record: loggedValue('flights.changes.flight', '{"op":"u"}'),
});

beforeAll(async () => {
  await client.send(new CreateTableCommand(renderDeadLettersTable(table)));
}, 30_000);
afterAll(async () => {
  await client.send(new DeleteTableCommand({ TableName: table }));
  client.destroy();
});

test('a letter put again, even at once, is one letter that was seen more often', async () => {
  now = Date.UTC(2013, 0, 1);
  await letters.put([letter(1)]);
  now = Date.UTC(2013, 0, 2);
  await Promise.all(Array.from({ length: 5 }, () => letters.put([letter(1)])));

  const { Items: items } = await client.send(new ScanCommand({ TableName: table }));

  expect(items?.find((item) => item.pk?.S === 'redis#flight.board')).toMatchObject({
    entity: { S: 'flight' },
    times_seen: { N: '6' },
    first_seen: { S: '2013-01-01T00:00:00.000Z' },
    last_seen: { S: '2013-01-02T00:00:00.000Z' },
    reason: { S: 'too large' },
    topic: { S: 'flights.changes.flight' },
  });
});

test('letters are counted by what has the hole, however many there are', async () => {
  await letters.put(Array.from({ length: 35 }, (_, index) => letter(index, 'flight.other')));

  expect(await letters.count(['flight.other', 'flight.nothing'])).toBe(35);
});

test('a letter that cannot be kept is told, so that the batch comes again', async () => {
  const elsewhere = createDeadLetters({ client, table: 'no-such-table', store: 'redis', clock: () => 0 });

  await expect(elsewhere.put([letter(1)])).rejects.toMatchObject({
    code: 'store_unavailable',
    retryable: true,
  });
});
