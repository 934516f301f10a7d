import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import pg from 'pg';
import type { AuroraStore } from '../../lambda/stores/aurora/index.ts';
import { qualified, tableName } from '../../lambda/stores/aurora/names.ts';
import { createMemoryStore } from '../../lambda/stores/memory/index.ts';
import type { Placement } from '../../lambda/stores/store.ts';
import type { ViewStore } from '../../lambda/stores/view-store.ts';
import { beginBackfill, stepBackfill } from '../../lambda/sync/backfill.ts';
import { createPace, replicaExcess } from '../../lambda/sync/pace.ts';
import { sharedEngines } from '../engines.ts';
import { createDatabase, type TestDatabase } from '../stores/aurora-database.ts';
import { contractCatalog, itemOf, itemRow, placementOf, upsert } from '../stores/contract-model.ts';
import { createFakeTools, memoryStores } from './job-fakes.ts';

const clock = () => Date.UTC(2013, 0, 1);
const catalog = contractCatalog('backfill-replicas');
const item = itemOf(catalog);
const view = placementOf(catalog, 'item.table');
const other = placementOf(catalog, 'item.flat');
const rows = 1000;
const truth = createMemoryStore({ clock });

let database: TestDatabase;
let store: AuroraStore;
/** The replica that is held up, as its superuser. */
let replica: pg.Client;
beforeAll(async () => {
  database = await createDatabase(catalog, clock);
  store = database.open({ clock, replicas: true });
  replica = new pg.Client({
    ...sharedEngines().postgresReplicas.analytics,
    database: database.connection.database,
    ssl: false,
  });
  // Dropping the database ends it too.
  replica.on('error', () => {});
  await replica.connect();
  await truth.apply(
    placementOf(catalog, 'item.source'),
    Array.from({ length: rows }, (_, index) => upsert(item, itemRow({ number: String(index) }), 10)),
  );
});
afterAll(async () => {
  await replica.end();
  await store.close();
  await database.drop();
});

const countOf = (placement: Placement): string =>
  `select count(*)::int as count from ${qualified(tableName(placement))}`;
const onWriter = async (placement: Placement) => (await database.query(countOf(placement)))[0]?.count;
const onReplica = async (placement: Placement) =>
  (await replica.query<{ count: number }>(countOf(placement))).rows[0]?.count;

/** A backfill at the pace of the function `project`; `apply` is what the view does with a page. */
async function backfill(
  placement: Placement,
  { apply = store.apply, onAsked = () => {} }: Partial<Pick<ViewStore, 'apply'>> & { onAsked?: () => void },
): Promise<void> {
  const tools = createFakeTools({
    catalog,
    stores: { ...memoryStores(truth), views: { aurora: { ...store, apply } } },
    clock,
    pace: createPace({
      clock: Date.now,
      sleep,
      replicaExcessMs: async () => {
        onAsked();
        return replicaExcess(await store.replicaLag());
      },
    }),
  });
  for (let state = beginBackfill(item); state.phase !== 'done'; )
    state = await stepBackfill(tools, [placement], state);
}

describe('a load with replicas', () => {
  test('begins no page before each replica within its target has the page before', async () => {
    const pages: (readonly [applied: number, there: number | undefined])[] = [];
    let applied = 0;
    // Twice its target.
    await delayReplica('200ms');
    try {
      await backfill(view, {
        apply: async (placement, changes) => {
          pages.push([applied, await onReplica(view)]);
          applied += changes.length;
          return store.apply(placement, changes);
        },
      });
    } finally {
      await delayReplica('0');
    }

    expect(pages.length).toBeGreaterThan(2);
    expect(pages.map(([, there]) => there)).toEqual(pages.map(([before]) => before));
    expect(await onWriter(view)).toBe(rows);
  });

  test('writes nothing while a replica replays nothing, and all of it when it has caught up', async () => {
    let askedAgain = () => {};
    const waits = new Promise<void>((resolve) => {
      let asked = 0;
      askedAgain = () => {
        asked += 1;
        if (asked === 3) resolve();
      };
    });
    await replica.query('select pg_wal_replay_pause()');
    let running: Promise<void>;
    try {
      // Something to be late with.
      await database.query('update polystore.heartbeat set at = now()');
      running = backfill(other, { onAsked: askedAgain });
      await Promise.race([waits, running]);

      expect(await onWriter(other)).toBe(0);
    } finally {
      await replica.query('select pg_wal_replay_resume()');
    }
    await running;
    expect(await onWriter(other)).toBe(rows);
  });
});

async function delayReplica(delay: string): Promise<void> {
  await replica.query(`alter system set recovery_min_apply_delay = '${delay}'`);
  await replica.query('select pg_reload_conf()');
}
