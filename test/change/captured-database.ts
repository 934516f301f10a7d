import { setTimeout as sleep } from 'node:timers/promises';
import { Admin } from '@platformatic/kafka';
import type { LoggedRecord } from '../../lambda/change/envelope.ts';
import type { Catalog } from '../../lambda/model/index.ts';
import { applyReplication } from '../../lambda/stores/aurora/index.ts';
import {
  connectorName,
  connectorPrefix,
  createTopicRecords,
  ensureTopics,
  renderConnector,
  renderTopics,
} from '../../lambda/stores/kafka/index.ts';
import { deleteConnectors, putConnector } from '../../local/engines/index.ts';
import { sharedEngines } from '../engines.ts';
import { createDatabase, type TestDatabase } from '../stores/aurora-database.ts';

/** A database whose changes the real Debezium carries to topics of its own. */
export interface CapturedDatabase extends TestDatabase {
  readonly slot: string;
  /** Waits until an entity's topic holds more records than were read before, and gives those. */
  next(entity: string, count: number): Promise<readonly LoggedRecord[]>;
  /** Runs the connector of a generation, and no other. @throws `engine_failed` when it does not come to run. */
  startConnector(generation: number): Promise<void>;
  /** Deletes the connector and waits until it has let go of the slot. */
  stopConnector(): Promise<void>;
  /** Stops the capture and forgets all of it. */
  close(): Promise<void>;
}

export async function captureDatabase(
  catalog: Catalog,
  options: { readonly clock: () => number; readonly generation: number },
): Promise<CapturedDatabase> {
  const { kafka, connect, postgresWriter } = sharedEngines();
  const slot = catalog.name.replaceAll('-', '_');
  const log = { brokers: kafka.brokers, auth: 'none', clientId: 'test' } as const;
  const database = await createDatabase(catalog, options.clock);
  await applyReplication({
    ...{ connection: database.connection, catalog, slot },
    generation: options.generation,
  });
  await ensureTopics(catalog, { ...log, replication: 1 });
  const stopConnector = async (): Promise<void> => {
    await deleteConnectors(connect, (name) => name.startsWith(connectorPrefix(catalog)));
    await untilLetGo(database, slot);
  };
  const startConnector = async (generation: number): Promise<void> => {
    const config = renderConnector(catalog, {
      ...{ host: postgresWriter.host, port: postgresWriter.port },
      ...{ database: database.connection.database, user: database.connection.user },
      ...{ password: undefined, tls: 'disable', generation, slot },
    });
    if (config === undefined) throw new Error(`the model ${catalog.name} has nothing to capture`);
    await putConnector(connect, connectorName(catalog, generation), config);
  };
  await startConnector(options.generation);

  const readers = new Map(
    catalog.entities.map(({ name, topic }) => [
      name,
      { topic, records: createTopicRecords({ ...log, topic }), next: new Map<number, bigint>() },
    ]),
  );
  const poll = async (entity: string): Promise<readonly LoggedRecord[]> => {
    const reader = readers.get(entity);
    if (reader === undefined) throw new Error(`no entity ${entity}`);
    const found: LoggedRecord[] = [];
    for (const [partition, end] of await reader.records.offsets('latest')) {
      let at = reader.next.get(partition) ?? 0n;
      while (at < end) {
        const fetched = await reader.records.read(partition, at);
        if (fetched.kind !== 'records') throw new Error(`${reader.topic} lost records`);
        for (const { offset, timestamp, key, value, headers } of fetched.records)
          found.push({
            ...{ topic: reader.topic, partition, offset, timestampMs: Number(timestamp) },
            ...{ key: key ?? undefined, value: value ?? undefined },
            headers: Object.fromEntries(headers.map(([name, text]) => [String(name), String(text)])),
          });
        at = fetched.next;
      }
      reader.next.set(partition, at);
    }
    return found;
  };

  return {
    ...database,
    slot,
    async next(entity, count) {
      const found: LoggedRecord[] = [];
      for (const deadline = performance.now() + 60_000; ; ) {
        found.push(...(await poll(entity)));
        if (found.length >= count) return found;
        if (performance.now() > deadline)
          throw new Error(`${entity}: ${found.length} of ${count} records came within a minute`);
        await sleep(50);
      }
    },
    startConnector,
    stopConnector,
    async close() {
      await stopConnector();
      await Promise.all([...readers.values()].map(({ records }) => records.close()));
      const admin = new Admin({ clientId: 'test', bootstrapBrokers: [...kafka.brokers] });
      await admin.deleteTopics({ topics: renderTopics(catalog).map(({ name }) => name) });
      await admin.close();
      await database.dropSlot(slot);
      await database.drop();
    },
  };
}

async function untilLetGo(database: TestDatabase, slot: string): Promise<void> {
  const [held] = await database.query('select active from pg_replication_slots where slot_name = $1', [slot]);
  if (held?.active !== true) return;
  await sleep(100);
  await untilLetGo(database, slot);
}
