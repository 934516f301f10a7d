import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import type { Catalog } from '../../lambda/model/index.ts';
import {
  type AuroraConnection,
  type AuroraStore,
  applySchema,
  createAuroraStore,
} from '../../lambda/stores/aurora/index.ts';

import type { EngineSet } from '../../local/engines/index.ts';
import { sharedEngines } from '../engines.ts';

type Replicas = NonNullable<Parameters<typeof createAuroraStore>[0]['replicas']>;
type PostgresEndpoint = EngineSet['postgresWriter'];

/** A database of its own on the shared PostgreSQL. */
export interface TestDatabase {
  readonly connection: AuroraConnection;
  /** A store on the writer, or with reads on replicas: the real ones, or those given. */
  open(options: {
    readonly clock: () => number;
    readonly replicas?: true | Replicas;
    readonly generation?: number;
    readonly truthWaitMs?: number;
  }): AuroraStore;
  /** A connection of the superuser, to the writer unless said otherwise. */
  connect(to?: PostgresEndpoint): Promise<pg.Client>;
  /** Runs statements as the superuser. */
  query(text: string, values?: readonly unknown[]): Promise<readonly Record<string, unknown>[]>;
  /** Drops a slot with failover if it is there: one that nobody reads keeps the WAL of the whole cluster. */
  dropSlot(slot: string): Promise<void>;
  drop(): Promise<void>;
}

/** Makes a database and, if a catalog is given, its schema. */
export async function createDatabase(
  catalog: Catalog | undefined,
  clock: () => number,
): Promise<TestDatabase> {
  const { postgresWriter: writer, postgresReplicas } = sharedEngines();
  const database = `test_${randomUUID().replaceAll('-', '')}`;
  // Unlike template1, nothing ever connects to template0, not even autovacuum, which would be in the way.
  await asAdmin(writer.database, `create database ${database} template template0`);
  const credentials = { database, user: writer.user, tls: 'disable' } as const;
  const connection: AuroraConnection = { host: writer.host, port: writer.port, ...credentials };
  if (catalog !== undefined) await applySchema({ connection, catalog, allow: [], clock });
  await replayed(await insertPosition(database));
  let hadSlots = false;
  return {
    connection,
    open: ({ replicas, ...options }) =>
      createAuroraStore({
        ...options,
        writer: { host: writer.host, port: writer.port },
        replicas: replicas === true ? postgresReplicas : replicas,
        ...credentials,
        poolSize: 8,
      }),
    connect: async ({ host, port } = writer) => {
      const client = new pg.Client({ ...connection, host, port, ssl: false });
      // Dropping the database ends connections that a failed test left open.
      client.on('error', () => {});
      await client.connect();
      return client;
    },
    query: (text, values) => asAdmin(database, text, values),
    dropSlot: async (slot) => {
      hadSlots = true;
      await asAdmin(
        database,
        'select pg_drop_replication_slot(slot_name) from pg_replication_slots where slot_name = $1',
        [slot],
      );
    },
    drop: async () => {
      // A standby that is copying a slot when it replays that the slot's database was dropped ends: "replication slot is
      // active for PID" (PostgreSQL 18). Such a database is left to the end of the run.
      if (hadSlots) return;
      await asAdmin(writer.database, `drop database ${database} with (force)`);
    },
  };
}

async function insertPosition(database: string): Promise<unknown> {
  const [row] = await asAdmin(database, 'select pg_current_wal_insert_lsn()::text as position');
  return row?.position;
}

/** Waits until every standby has the database: a connection to one that is not there fails for good. */
async function replayed(position: unknown): Promise<void> {
  const replicas = Object.values(sharedEngines().postgresReplicas);
  await Promise.all(replicas.map((replica) => replayedBy(replica, position)));
}

async function replayedBy(replica: PostgresEndpoint, position: unknown): Promise<void> {
  const [row] = await asSuperuser(
    replica,
    'select coalesce(pg_last_wal_replay_lsn() >= $1::pg_lsn, false) as there',
    [position],
  );
  if (row?.there === true) return;
  await sleep(20);
  await replayedBy(replica, position);
}

const asAdmin = (database: string, text: string, values: readonly unknown[] = []) =>
  asSuperuser({ ...sharedEngines().postgresWriter, database }, text, values);

async function asSuperuser(
  { host, port, user, database }: PostgresEndpoint,
  text: string,
  values: readonly unknown[],
): Promise<readonly Record<string, unknown>[]> {
  const client = new pg.Client({ host, port, user, database });
  await client.connect();
  try {
    const { rows } = await client.query<Record<string, unknown>>(text, [...values]);
    return rows;
  } finally {
    await client.end();
  }
}
