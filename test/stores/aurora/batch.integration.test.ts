import { afterAll, beforeAll, expect, test } from '@jest/globals';
import pg from 'pg';
import { type BatchStatement, sendBatch } from '../../../lambda/stores/aurora/batch.ts';
import { createDatabase, type TestDatabase } from '../aurora-database.ts';

let database: TestDatabase;
let client: pg.Client;
beforeAll(async () => {
  database = await createDatabase(undefined, Date.now);
  client = await database.connect();
  await client.query('create table noted (n integer primary key)');
});
afterAll(async () => {
  await client.end();
  await database.drop();
});

const dropped = (text: string, params: readonly unknown[] = []): BatchStatement => ({ text, params });
const noted = async (): Promise<readonly unknown[]> =>
  (await client.query<{ n: number }>('select n from noted order by n')).rows.map(({ n }) => n);

test('what each statement of a batch gave comes in their order, as texts', async () => {
  const answers = await sendBatch(client, [
    dropped('begin'),
    { text: 'select $1::int + 1 as sum, $2::text as absent', params: [41, null], fetch: 10 },
    dropped('commit'),
  ]);

  expect(answers.map(({ rows, rowCount }) => [rows, rowCount])).toEqual([
    [[], 0],
    [[['42', null]], 1],
    [[], 0],
  ]);
  expect(answers[1]?.fields.map(({ name }) => name)).toEqual(['sum', 'absent']);
});

test('after a statement that fails none is done, not even the end of its transaction', async () => {
  const sent = sendBatch(client, [
    dropped('begin'),
    dropped('insert into noted values (1)'),
    dropped('select 1 / $1::int', [0]),
    dropped('insert into noted values (2)'),
    dropped('commit'),
  ]);

  await expect(sent).rejects.toMatchObject({ code: '22012' });
  await client.query('rollback');
  expect(await noted()).toEqual([]);
});

test('where the beginning fails, what would have come after it is not done outside of a transaction', async () => {
  const sent = sendBatch(client, [
    dropped('begin isolation level nonsense'),
    dropped('insert into noted values (3)'),
  ]);

  await expect(sent).rejects.toBeInstanceOf(pg.DatabaseError);
  expect(await noted()).toEqual([]);
});

test('no more rows are fetched than were asked for, and the connection serves on', async () => {
  const [fetched] = await sendBatch(client, [
    { text: 'select generate_series(1, 1000000)', params: [], fetch: 3 },
  ]);

  expect(fetched?.rows).toEqual([['1'], ['2'], ['3']]);
  expect((await client.query('select 1 as one')).rows).toEqual([{ one: 1 }]);
});

test('that the first statements are done is told before the next one is', async () => {
  const other = await database.connect();
  await other.query('select pg_advisory_lock(7)');
  const begun = Promise.withResolvers<void>();
  let ended = false;

  const sent = sendBatch(client, [dropped('select 1'), dropped('select pg_advisory_lock(7)')], {
    after: 1,
    reached: begun.resolve,
  }).then(() => {
    ended = true;
  });
  await begun.promise;

  expect(ended).toBe(false);
  await other.query('select pg_advisory_unlock(7)');
  await sent;
  await other.end();
});
