import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import pg from 'pg';
import { type AuroraStore, readCapturePosition } from '../../../lambda/stores/aurora/index.ts';
import { sharedEngines } from '../../engines.ts';
import { createDatabase, type TestDatabase } from '../aurora-database.ts';
import { contractCatalog } from '../contract-model.ts';

const catalog = contractCatalog('positions');

describe('where the replicas and the capture of Aurora are', () => {
  let database: TestDatabase;
  let store: AuroraStore;
  beforeAll(async () => {
    database = await createDatabase(catalog, Date.now);
    store = database.open({ clock: Date.now, replicas: true });
  });
  afterAll(async () => {
    await store.close();
    await database.drop();
  });
  const lagOf = async (workload: string, of = store): Promise<number | undefined> =>
    (await of.replicaLag()).find((each) => each.workload === workload)?.lagMs;
  /** Runs `work` while the analytics replica replays nothing. */
  const paused = async (work: () => Promise<void>): Promise<void> => {
    const { analytics } = sharedEngines().postgresReplicas;
    const replica = new pg.Client({ ...analytics, ssl: false });
    await replica.connect();
    try {
      await replica.query('select pg_wal_replay_pause()');
      for (;;) {
        const { rows } = await replica.query<{ state: string }>(
          'select pg_get_wal_replay_pause_state() as state',
        );
        if (rows[0]?.state === 'paused') break;
      }
      await work();
    } finally {
      await replica.query('select pg_wal_replay_resume()');
      await replica.end();
    }
  };
  const write = () => database.query('update polystore.heartbeat set at = now()');

  test('each workload has a lag and a target', async () => {
    const lags = await store.replicaLag();

    expect(lags.map(({ workload, targetMs }) => [workload, targetMs])).toEqual([
      ['dashboard', 50],
      ['analytics', 100],
      ['reporting', 300],
    ]);
  });

  test('a replica that has nothing to replay is not late, however long ago the last commit was', async () => {
    await write();
    // Until it is there.
    while ((await lagOf('analytics')) !== 0);

    // Now and then PostgreSQL writes a record of its own.
    let lagMs: number | undefined;
    for (let attempt = 1; attempt <= 3 && lagMs !== 0; attempt += 1)
      await paused(async () => {
        lagMs = await lagOf('analytics');
      });

    expect(lagMs).toBe(0);
  });

  test('a replica that does not replay is as late as it has been asked for, and in time again after that', async () => {
    await paused(async () => {
      await write();

      const lags = await store.replicaLag();

      expect(lags.find(({ workload }) => workload === 'analytics')?.lagMs).toBe(2_000);
      expect(lags.find(({ workload }) => workload === 'reporting')?.lagMs).toBeLessThan(2_000);
    });
    while ((await lagOf('analytics')) !== 0);
    expect(await lagOf('analytics')).toBe(0);
  });

  test('a replica that does not answer is left out; without replicas there is none', async () => {
    const gone = { host: '127.0.0.1', port: 1 };
    const { dashboard, reporting } = sharedEngines().postgresReplicas;
    const some = database.open({ clock: Date.now, replicas: { dashboard, analytics: gone, reporting } });
    const none = database.open({ clock: Date.now });

    expect((await some.replicaLag()).map(({ workload }) => workload)).toEqual(['dashboard', 'reporting']);
    expect(await none.replicaLag()).toEqual([]);
    await Promise.all([some.close(), none.close()]);
  });

  test('the capture has got as far as its slot was confirmed; a slot that is not there has got nowhere', async () => {
    const name = `positions_${randomUUID().replaceAll('-', '')}`;
    const position = () => readCapturePosition(database.connection, name);
    const unconfirmed = await position();
    await database.query("select pg_create_logical_replication_slot($1, 'test_decoding')", [name]);
    await write();
    const behind = await position();

    await database.query('select count(*) from pg_logical_slot_get_changes($1, null, null)', [name]);

    const after = await position();
    expect(unconfirmed.captured).toBeUndefined();
    expect(unconfirmed.current).toBeLessThan(after.current);
    expect(behind.captured).toBeLessThan(behind.current);
    expect(after.captured).toBeGreaterThan(behind.captured ?? 0n);
    await database.query('select pg_drop_replication_slot($1)', [name]);
  });
});
