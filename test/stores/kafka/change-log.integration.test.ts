import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Admin, Consumer, MessagesStreamModes } from '@platformatic/kafka';
import type { LogRecord } from '../../../lambda/change/envelope.ts';
import { type Catalog, compile, entity, kafka, model, text } from '../../../lambda/model/index.ts';
import { createChangeLog, ensureTopics } from '../../../lambda/stores/kafka/index.ts';
import { partitionOf } from '../../../lambda/stores/kafka/partition.ts';
import { sharedEngines } from '../../engines.ts';

// A name of its own, so that suites can share a broker.
const name = `log${Date.now().toString(36)}`;
const modelOf = (partitions: number): Catalog =>
  compile(
    model(name, [
      entity('event', {
        key: ['owner'],
        tenant: 'owner',
        fields: { owner: text() },
        source: kafka({ partitions }),
      }),
    ]),
  );
const catalog = modelOf(6);
const topic = `${name}.changes.event`;
const connection = () =>
  ({ brokers: sharedEngines().kafka.brokers, auth: 'none', clientId: 'test' }) as const;
const record = (key: string, value: string): LogRecord => ({
  topic,
  key,
  value,
  headers: { some: 'header' },
});

/** Everything in the topic, by partition. */
async function readAll(expected: number): Promise<ReadonlyMap<number, readonly string[]>> {
  const consumer = new Consumer({
    clientId: 'test',
    groupId: `${name}-${Math.random()}`,
    bootstrapBrokers: [...sharedEngines().kafka.brokers],
  });
  const stream = await consumer.consume({
    topics: [topic],
    mode: MessagesStreamModes.EARLIEST,
    autocommit: false,
  });
  const found = new Map<number, string[]>();
  let count = 0;
  for await (const message of stream) {
    const values = found.get(message.partition) ?? [];
    values.push(message.value.toString());
    found.set(message.partition, values);
    count += 1;
    if (count >= expected) break;
  }
  await consumer.close(true);
  return found;
}

beforeAll(async () => {
  await ensureTopics(catalog, { ...connection(), replication: 1 });
}, 30_000);

afterAll(async () => {
  const admin = new Admin({ clientId: 'test', bootstrapBrokers: [...sharedEngines().kafka.brokers] });
  await admin.deleteTopics({ topics: [topic] });
  await admin.close();
});

describe('the change log on Kafka', () => {
  test('acknowledges each record with where it is, and keeps the order of a key from many callers', async () => {
    const log = createChangeLog(connection());
    const keys = ['AA', 'UA', 'DL', 'B6', 'zürich 🛫', ''];

    const appended = await Promise.all(
      Array.from({ length: 20 }, (_, turn) =>
        log.append(keys.flatMap((key) => [record(key, `${key} ${turn} a`), record(key, `${key} ${turn} b`)])),
      ),
    );
    await log.close();

    const sent = Array.from({ length: 20 }, (_, turn) =>
      keys.flatMap((key) => [`${key} ${turn} a`, `${key} ${turn} b`]),
    );
    const found = await readAll(240);
    for (const [turn, { positions, error }] of appended.entries()) {
      expect(error).toBeUndefined();
      for (const [index, position] of positions.entries()) {
        const key = keys[index >> 1] ?? '';
        expect(position?.partition).toBe(partitionOf(Buffer.from(key), 6));
        expect(found.get(position?.partition ?? -1)?.[Number(position?.offset)]).toBe(sent[turn]?.[index]);
      }
    }
    for (const [index] of keys.entries()) {
      const offsets = appended.flatMap(({ positions }) =>
        [positions[index * 2], positions[index * 2 + 1]].map((position) => Number(position?.offset)),
      );
      expect(offsets).toEqual(offsets.toSorted((left, right) => left - right));
    }
  }, 30_000);

  test('says what it has not got when the broker refuses, and goes on with the next', async () => {
    const log = createChangeLog(connection());

    const refused = await log.append([record('large', 'x'.repeat(5_000_000))]);
    const next = await log.append([record('small', 'y')]);
    await log.close();

    expect(refused).toMatchObject({ positions: [undefined], error: { code: 'store_rejected' } });
    expect(next).toMatchObject({ positions: [{ topic }], error: undefined });
  }, 30_000);

  test('takes a record of the largest size that Polystore writes', async () => {
    const log = createChangeLog(connection());

    const appended = await log.append([
      record('large', 'x'.repeat(3_999_000)),
      record('large', 'x'.repeat(3_999_000)),
    ]);
    await log.close();

    expect(appended).toMatchObject({ positions: [{ topic }, { topic }], error: undefined });
  }, 30_000);

  test('is unavailable, and not stuck, where nobody listens', async () => {
    const log = createChangeLog({ ...connection(), brokers: ['127.0.0.1:1'], timeoutMs: 3_000 });

    const appended = await log.append([record('a', 'b')]);

    expect(appended).toMatchObject({ positions: [undefined], error: { code: 'store_unavailable' } });
    await expect(log.health()).rejects.toMatchObject({ code: 'store_unavailable' });
    await log.close();
  }, 30_000);

  test('is unavailable for a topic that nobody made', async () => {
    const log = createChangeLog(connection());

    const appended = await log.append([{ ...record('a', 'b'), topic: `${name}.nothing` }]);
    await log.close();

    expect(appended.error).toMatchObject({ code: 'store_unavailable' });
  }, 30_000);

  test('is healthy where a broker answers', async () => {
    const log = createChangeLog(connection());

    await expect(log.health()).resolves.toBeUndefined();
    await log.close();
  });
});

describe('ensureTopics', () => {
  test('keeps what is there, however often and concurrently it is called', async () => {
    const again = await Promise.all(
      Array.from({ length: 3 }, () => ensureTopics(catalog, { ...connection(), replication: 1 })),
    );

    expect(again).toEqual(Array.from({ length: 3 }, () => ({ created: [], kept: [topic] })));
  });

  test('refuses another number of partitions', async () => {
    await expect(ensureTopics(modelOf(12), { ...connection(), replication: 1 })).rejects.toMatchObject({
      code: 'migration_refused',
    });
  });
});
