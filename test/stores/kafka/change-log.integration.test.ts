import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Admin } from '@platformatic/kafka';
import type { LogRecord } from '../../../lambda/change/envelope.ts';
import { type Catalog, compile, entity, kafka, model, text } from '../../../lambda/model/index.ts';
import { createChangeLog, ensureTopics } from '../../../lambda/stores/kafka/index.ts';
import { partitionOf } from '../../../lambda/stores/kafka/partition.ts';
import { sharedEngines } from '../../engines.ts';

// A name of its own, so that suites can share a broker.
const name = `log${Date.now().toString(36)}`;
const eventsIn = (entityName: string, partitions: number) =>
  entity(entityName, {
    key: ['owner'],
    tenant: 'owner',
    fields: { owner: text() },
    source: kafka({ partitions }),
  });
const modelOf = (partitions: number): Catalog =>
  compile(model(name, [eventsIn('event', partitions), eventsIn('ordered', partitions)]));
const catalog = modelOf(6);
const topic = `${name}.changes.event`;
/** Only one test writes here. */
const ordered = `${name}.changes.ordered`;
const connection = () =>
  ({ brokers: sharedEngines().kafka.brokers, auth: 'none', clientId: 'test' }) as const;
const record = (key: string, value: string, into = topic): LogRecord => ({
  topic: into,
  key,
  value,
  headers: { some: 'header' },
});

/** How many records each partition of `ordered` holds: nothing was ever removed from it. */
async function readEnds(): Promise<readonly number[]> {
  const admin = new Admin({ clientId: 'test', bootstrapBrokers: [...sharedEngines().kafka.brokers] });
  // -1 asks for the end.
  const partitions = [0, 1, 2, 3, 4, 5].map((partitionIndex) => ({ partitionIndex, timestamp: -1n }));
  const [listed] = await admin.listOffsets({ topics: [{ name: ordered, partitions }] });
  await admin.close();
  return (listed?.partitions ?? [])
    .toSorted((left, right) => left.partitionIndex - right.partitionIndex)
    .map(({ offset }) => Number(offset));
}

beforeAll(async () => {
  await ensureTopics(catalog, { ...connection(), replication: 1 });
});

afterAll(async () => {
  const admin = new Admin({ clientId: 'test', bootstrapBrokers: [...sharedEngines().kafka.brokers] });
  await admin.deleteTopics({ topics: [topic, ordered] });
  await admin.close();
});

describe('the change log on Kafka', () => {
  test('acknowledges each record with where it is, and keeps the order of a key from many callers', async () => {
    const log = createChangeLog(connection());
    const keys = ['AA', 'UA', 'DL', 'B6', 'zürich 🛫', ''];

    const appended = await Promise.all(
      Array.from({ length: 20 }, (_, turn) =>
        log.append(
          keys.flatMap((key) => [
            record(key, `${key} ${turn} a`, ordered),
            record(key, `${key} ${turn} b`, ordered),
          ]),
        ),
      ),
    );
    await log.close();

    const taken = new Set<string>();
    for (const { positions, error } of appended) {
      expect(error).toBeUndefined();
      for (const [index, position] of positions.entries()) {
        expect(position?.partition).toBe(partitionOf(Buffer.from(keys[index >> 1] ?? ''), 6));
        taken.add(`${position?.partition} ${position?.offset}`);
      }
    }
    // Every acknowledged record has a place of its own, and the log holds no other.
    const ends = await readEnds();
    const places = ends.flatMap((end, partition) =>
      Array.from({ length: end }, (_, offset) => `${partition} ${offset}`),
    );
    expect([...taken].sort()).toEqual(places.sort());
    expect(places).toHaveLength(240);
    for (const [index] of keys.entries()) {
      const offsets = appended.flatMap(({ positions }) =>
        [positions[index * 2], positions[index * 2 + 1]].map((position) => Number(position?.offset)),
      );
      expect(offsets).toEqual(offsets.toSorted((left, right) => left - right));
    }
  });

  test('says what it has not got when the broker refuses, and goes on with the next', async () => {
    const log = createChangeLog(connection());

    const refused = await log.append([record('large', 'x'.repeat(5_000_000))]);
    const next = await log.append([record('small', 'y')]);
    await log.close();

    expect(refused).toMatchObject({ positions: [undefined], error: { code: 'store_rejected' } });
    expect(next).toMatchObject({ positions: [{ topic }], error: undefined });
  });

  test('takes a record of the largest size that Polystore writes', async () => {
    const log = createChangeLog(connection());

    const appended = await log.append([
      record('large', 'x'.repeat(3_999_000)),
      record('large', 'x'.repeat(3_999_000)),
    ]);
    await log.close();

    expect(appended).toMatchObject({ positions: [{ topic }, { topic }], error: undefined });
  });

  test('is unavailable, and not stuck, where nobody listens', async () => {
    const log = createChangeLog({ ...connection(), brokers: ['127.0.0.1:1'], timeoutMs: 3_000 });

    const appended = await log.append([record('a', 'b')]);

    expect(appended).toMatchObject({ positions: [undefined], error: { code: 'store_unavailable' } });
    await expect(log.health()).rejects.toMatchObject({ code: 'store_unavailable' });
    await log.close();
  });

  test('is unavailable for a topic that nobody made', async () => {
    const log = createChangeLog(connection());

    const appended = await log.append([{ ...record('a', 'b'), topic: `${name}.nothing` }]);
    await log.close();

    expect(appended.error).toMatchObject({ code: 'store_unavailable' });
  });

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

    expect(again).toEqual(Array.from({ length: 3 }, () => ({ created: [], kept: [topic, ordered] })));
  });

  test('refuses another number of partitions', async () => {
    await expect(ensureTopics(modelOf(12), { ...connection(), replication: 1 })).rejects.toMatchObject({
      code: 'migration_refused',
    });
  });
});
