import { CreateTableCommand, DeleteTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { renderDeadLettersTable } from '../../lambda/sync/dead-letters.ts';
import { createJobs, type Job } from '../../lambda/sync/jobs.ts';
import type { Work } from '../../lambda/sync/work.ts';
import { sharedEngines } from '../engines.ts';

const table = `jobs-${Date.now().toString(36)}`;
const client = new DynamoDBClient({
  endpoint: sharedEngines().dynamodb.endpoint,
  region: 'eu-west-1',
  credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
});
const jobs = createJobs({ client, table, clock: () => Date.UTC(2013, 0, 1) });
const work: Work = { kind: 'rebuild', entity: 'flight', view: 'board', state: { phase: 'begin' } };
const alone = 'rebuild flight.board';

beforeAll(async () => {
  await client.send(new CreateTableCommand(renderDeadLettersTable(table)));
});
afterAll(async () => {
  await client.send(new DeleteTableCommand({ TableName: table }));
  client.destroy();
});

test('of jobs that are alone one begins, however many ask at once, and the next when it has ended', async () => {
  const ask = (id: string): Promise<Job> => jobs.create({ id, work, alone });
  const all = await Promise.allSettled(['a', 'b', 'c', 'd', 'e'].map(ask));
  const begun = all.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
  const refused = all.flatMap((each) => (each.status === 'rejected' ? [each.reason.code] : []));

  expect(begun).toHaveLength(1);
  expect(refused).toEqual(['conflict', 'conflict', 'conflict', 'conflict']);
  // In any order with the other test's.
  const kept = (await jobs.open())
    .map(({ id }) => id)
    .filter((id) => id !== 'seen' && !id.startsWith('sweep'));
  expect(kept).toEqual(begun.map(({ id }) => id));
  const [first] = begun as [Job];
  const failed = await jobs.save(first, { status: 'failed' });
  await expect(ask('f')).rejects.toMatchObject({ message: expect.stringContaining(`${first.id} is there`) });
  await jobs.save(failed, { status: 'aborted' });
  await expect(ask('g')).resolves.toMatchObject({ id: 'g', status: 'running' });
  await expect(jobs.create({ id: 'h', work, alone: 'rebuild flight.card' })).resolves.toMatchObject({
    id: 'h',
  });
});

test('a job that has ended is no longer among those that are open, and is found by its kind, the last begun first', async () => {
  const ids = ['sweep-2013-01-01', 'sweep-2013-01-02', 'sweep-2013-01-03'];
  const sweep: Work = { kind: 'sweep', left: [], swept: 0, refused: {} };
  for (const id of ids) {
    const job = await jobs.create({ id, work: sweep });
    if (id !== ids[1]) {
      const ended = await jobs.save(job, { status: 'done' });
      await expect(jobs.save(job, { status: 'done' })).rejects.toMatchObject({ code: 'conflict' });
      expect(await jobs.get(id)).toEqual(ended);
    }
  }

  expect((await jobs.ended('sweep', 10)).map(({ id }) => id)).toEqual([ids[2], ids[0]]);
  expect((await jobs.ended('sweep', 1)).map(({ id }) => id)).toEqual([ids[2]]);
  expect((await jobs.open()).filter(({ work: { kind } }) => kind === 'sweep').map(({ id }) => id)).toEqual([
    ids[1],
  ]);
});

test('a job is written down by one at a time, and refused to who read it before', async () => {
  const job = await jobs.create({ id: 'seen', work });
  const next = await jobs.save(job, { leaseUntilMs: 5 });

  await expect(jobs.save(job, { leaseUntilMs: 6 })).rejects.toMatchObject({ code: 'conflict' });
  await expect(jobs.create({ id: 'seen', work })).rejects.toMatchObject({ code: 'conflict' });
  await expect(jobs.get('absent')).rejects.toMatchObject({ code: 'invalid_request' });
  expect(await jobs.get('seen')).toEqual({ ...next, revision: 2, leaseUntilMs: 5 });
});
