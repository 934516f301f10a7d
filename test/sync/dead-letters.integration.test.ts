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
import { createLetterBox } from '../../lambda/sync/letter-box.ts';
import type { KeptLetter } from '../../lambda/sync/letter-item.ts';
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
const box = createLetterBox({ client, table, clock: () => now });
const letter = (version: number, scope = 'flight.board'): DeadLetter => ({
  scope,
  key: '[["carrier","UA"]]',
  version: String(version).padStart(19, '0'),
  reason: 'too large',
  record: loggedValue('flights.changes.flight', '{"op":"u"}'),
});

beforeAll(async () => {
  await client.send(new CreateTableCommand(renderDeadLettersTable(table)));
});
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

test('it is told of which records letters are open in a scope, however many there are', async () => {
  await letters.put(Array.from({ length: 35 }, (_, index) => letter(index, 'flight.other')));

  const places = await box.places({ store: 'redis', scope: 'flight.other' });

  expect(places).toHaveLength(35);
  expect(places[0]).toEqual({ topic: 'flights.changes.flight', partition: 0, offset: 7n });
  expect(await box.places({ store: 'aurora', scope: 'flight.other' })).toEqual([]);
});

test('a letter that cannot be kept is told, so that the batch comes again', async () => {
  const elsewhere = createDeadLetters({ client, table: 'no-such-table', store: 'redis', clock: () => 0 });

  await expect(elsewhere.put([letter(1)])).rejects.toMatchObject({
    code: 'store_unavailable',
    retryable: true,
  });
});

const first = (letters: readonly KeptLetter[]): KeptLetter => {
  const [only] = letters;
  if (only === undefined) throw new Error('no letter is open');
  return only;
};
const inScope = (scope: string) => ({ store: 'redis', scope, after: undefined, limit: 100 });

test('letters are listed page by page, as they were put', async () => {
  const scope = 'flight.listed';
  await letters.put([1, 2, 3].map((version) => letter(version, scope)));

  const start = await box.list({ ...inScope(scope), limit: 2 });
  const second = await box.list({ ...inScope(scope), limit: 2, after: start.next });

  expect([...start.letters, ...second.letters]).toMatchObject(
    [1, 2, 3].map((version) => ({
      key: '[["carrier","UA"]]',
      version: String(version).padStart(19, '0'),
      timesSeen: 1,
      record: { offset: 7n, value: Buffer.from('{"op":"u"}') },
      closed: undefined,
    })),
  );
  expect(second.next).toBeUndefined();
});

test('a letter that is closed is kept with its reason, and counts no more', async () => {
  const scope = 'flight.closed';
  await letters.put([letter(1, scope)]);
  const { letters: open } = await box.list(inScope(scope));

  expect(await box.close(first(open), { outcome: 'discarded', note: 'a test event' })).toBe(true);

  expect(await box.places({ store: 'redis', scope })).toEqual([]);
  const { letters: closed } = await box.list({ ...inScope(scope), closed: true });
  expect(closed).toMatchObject([
    { id: open[0]?.id, closed: { outcome: 'discarded', note: 'a test event' }, reason: 'too large' },
  ]);
});

test('a letter that was seen again since it was looked at stays open', async () => {
  const scope = 'flight.again';
  await letters.put([letter(1, scope)]);
  const { letters: open } = await box.list(inScope(scope));
  await letters.put([letter(1, scope)]);

  expect(await box.close(first(open), { outcome: 'mended', note: '' })).toBe(false);

  expect(await box.places({ store: 'redis', scope })).toHaveLength(1);
});

test('a newer success closes the letters of its key, up to its version', async () => {
  const scope = 'flight.newer';
  await letters.put([letter(1, scope), letter(2, scope), letter(5, scope)]);
  await letters.put([{ ...letter(2, scope), key: '[["carrier","AA"]]' }]);

  await letters.supersede(scope, [{ key: '[["carrier","UA"]]', version: String(4).padStart(19, '0') }]);

  const { letters: open } = await box.list(inScope(scope));
  expect(open.map(({ key, version }) => [key, Number(version)])).toEqual([
    ['[["carrier","AA"]]', 2],
    ['[["carrier","UA"]]', 5],
  ]);
});

test('what was retried in vain says when it is tried next', async () => {
  const scope = 'flight.later';
  await letters.put([letter(1, scope)]);
  const { letters: open } = await box.list(inScope(scope));

  await box.postpone(first(open), { reason: 'still too large', nextTryMs: Date.UTC(2014, 0, 1) });

  expect(await box.find(first(open))).toMatchObject({
    reason: 'still too large',
    attempts: 1,
    nextTry: '2014-01-01T00:00:00.000Z',
  });
});
