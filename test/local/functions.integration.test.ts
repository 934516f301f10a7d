import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import { type ChangeLogTrigger, startChangeLogTrigger } from '../../local/triggers/index.ts';
import { sharedEngines } from '../engines.ts';
import { openTestTopic, type TestTopic } from './change-log-topic.ts';
import { type SampleFunction, startSample } from './sample-function.ts';

describe('a function that is fed from Kafka', () => {
  const { brokers } = sharedEngines().kafka;
  let log: TestTopic;
  let sample: SampleFunction;
  let trigger: ChangeLogTrigger;
  afterEach(async () => {
    await trigger.stop();
    await sample.close();
    await log.close();
  });

  test('loses nothing and goes on in order when it is killed again and again', async () => {
    const count = 400;
    log = openTestTopic(brokers);
    await log.create(2);
    // Writes each record down before it answers, as a view would.
    sample = startSample(`
      import { appendFileSync } from 'node:fs';
      export const handler = async (event) => {
        for (const { partition, offset } of Object.values(event.records).flat()) {
          appendFileSync('taken', partition + ':' + offset + '\\n');
        }
        await new Promise((resolve) => setTimeout(resolve, 2));
      };`);
    const taken = (): string[] => {
      const file = join(sample.folder, 'taken');
      return existsSync(file) ? readFileSync(file, 'utf8').split('\n').slice(0, -1) : [];
    };
    trigger = startChangeLogTrigger({
      model: 'test',
      function: {
        name: 'apply-redis',
        trigger: { kind: 'change-log', topics: [log.topic], batchSize: 5, maximumBatchingWindowMs: 0 },
      },
      brokers,
      invoke: sample.invoke,
      onNotice: () => undefined,
      backOff: { firstMs: 5, longestMs: 20 },
    });

    await log.send(
      Array.from({ length: count }, (_, index) => ({ value: `${index}`, partition: index % 2 })),
    );
    for (let kills = 1; kills <= 5; kills += 1) {
      await until(() => new Set(taken()).size >= kills * 40);
      sample.kill('SIGKILL');
    }
    await until(async () => (await trigger.lag())[0]?.lag === 0);

    const firsts = [...new Set(taken())];
    const inOrder = Array.from({ length: count / 2 }, (_, offset) => offset);
    for (const partition of ['0', '1']) {
      const offsets = firsts
        .filter((line) => line.startsWith(`${partition}:`))
        .map((line) => Number(line.slice(2)));
      expect(offsets).toEqual(inOrder);
    }
    expect(sample.status().restarts).toBeGreaterThanOrEqual(4);
  });
});

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 5));
}
