import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { createTopicRecords, type TopicRecords } from '../../../lambda/stores/kafka/index.ts';
import { sharedEngines } from '../../engines.ts';
import { openTestTopic, type TestTopic } from '../../local/change-log-topic.ts';

const { brokers } = sharedEngines().kafka;
let log: TestTopic;
let records: TopicRecords;

beforeEach(() => {
  log = openTestTopic(brokers);
  records = createTopicRecords({ brokers, auth: 'none', clientId: 'reader', topic: log.topic });
});

afterEach(async () => {
  await records.close();
  await log.close();
});

test('tells of a partition that was added, where its absence has just been told', async () => {
  await log.create(1);
  expect([...(await records.offsets('latest')).keys()]).toEqual([0]);
  await expect(records.read(2, 0n)).rejects.toThrow(/no leader/);

  await log.widen(3);

  // The refused read has what was known of the topic forgotten.
  expect([...(await onceLed(() => records.offsets('latest'))).keys()].sort()).toEqual([0, 1, 2]);
  expect((await onceLed(() => records.read(2, 0n))).kind).toBe('records');
});

/** A broker tells of a new partition before it leads it. */
async function onceLed<T>(ask: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (!/has no leader|current leader/.test(String(error))) throw error;
    }
  }
}
