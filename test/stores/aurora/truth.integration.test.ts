import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type pg from 'pg';
import type { Change } from '../../../lambda/change/change.ts';
import { positionOf } from '../../../lambda/change/version.ts';
import type { AuroraStore } from '../../../lambda/stores/aurora/index.ts';
import { createMemoryStore } from '../../../lambda/stores/memory/index.ts';
import type { Truth } from '../../../lambda/stores/view-store.ts';
import { createDatabase, type TestDatabase } from '../aurora-database.ts';
import { contractCatalog, placementOf } from '../contract-model.ts';
import { decodedChanges } from './decoded-changes.ts';

const catalog = contractCatalog('truth');
const places = placementOf(catalog, 'place.source');
const card = placementOf(catalog, 'place.card');

describe('the truth of a source in Aurora', () => {
  let database: TestDatabase;
  let store: AuroraStore;
  let slot: string;
  beforeAll(async () => {
    database = await createDatabase(catalog, Date.now);
    store = database.open({ clock: Date.now, generation: 0 });
    slot = `truth_${randomUUID().replaceAll('-', '')}`;
    await database.query("select pg_create_logical_replication_slot($1, 'test_decoding')", [slot]);
  });
  beforeEach(async () => {
    await database.query('delete from source.place');
    await decodedChanges(database, slot);
  });
  // What a test that failed has left would hold up those after it.
  afterEach(async () => {
    for (const client of open) await client.end();
    open.clear();
    const prepared = await database.query(
      'select gid from pg_prepared_xacts where database = current_database()',
    );
    for (const { gid } of prepared) await database.query(`rollback prepared '${gid}'`);
  });
  afterAll(async () => {
    await store.close();
    await database.query('select pg_drop_replication_slot($1)', [slot]);
    await database.drop();
  });

  const insert = (place: string, name: string): Promise<unknown> =>
    database.query('insert into source.place (place, name, rank) values ($1, $2, null)', [place, name]);
  const keys = (...names: readonly string[]): Promise<Truth> =>
    store.readTruth({ placement: places, of: { kind: 'keys', keys: names.map((place) => ({ place })) } });
  const page = (after: string | undefined, limit: number): Promise<Truth> =>
    store.readTruth({ placement: places, of: { kind: 'page', after, limit } });
  const insertPosition = async (): Promise<bigint> => {
    const [row] = await database.query("select pg_current_wal_insert_lsn() - '0/0'::pg_lsn as position");
    return BigInt(String(row?.position));
  };
  /** Connections whose transactions a test has begun. */
  const open = new Set<pg.Client>();
  const begun = async (...statements: readonly string[]): Promise<pg.Client> => {
    const client = await database.connect();
    open.add(client);
    await client.query('begin');
    for (const statement of statements) await client.query(statement);
    return client;
  };
  const end = async (client: pg.Client, how: string): Promise<void> => {
    await client.query(how);
    await client.end();
    open.delete(client);
  };
  /** Until the reader has looked which transactions are in flight, or has read. */
  const lookedOrRead = async (truth: Promise<Truth>): Promise<void> => {
    let read = false;
    const note = (): void => {
      read = true;
    };
    truth.then(note, note);
    while (!read) {
      const [row] = await database.query(
        `select count(*)::int as looking from pg_stat_activity
         where datname = current_database() and pid <> pg_backend_pid() and state = 'idle in transaction' and query like '%pg_locks%'`,
      );
      if (Number(row?.looking) > 0) return;
      await sleep(5);
    }
  };

  test('is each row, and a tombstone for each key that is absent, below the next record of the WAL', async () => {
    await insert('a', 'first');
    const before = await insertPosition();

    const truth = await keys('a', 'gone');

    const after = await insertPosition();
    expect(truth.changes).toMatchObject([
      { kind: 'upsert', key: { place: 'a' }, row: { place: 'a', name: 'first', rank: null } },
      { kind: 'delete', key: { place: 'gone' } },
    ]);
    expect(truth.absent).toEqual([]);
    const positions = new Set(truth.changes.map(({ version }) => positionOf(version)));
    expect(positions.size).toBe(1);
    for (const position of positions) {
      expect(position).toBeGreaterThanOrEqual(before - 1n);
      expect(position).toBeLessThan(after);
      expect(truth.floor).toBe(position + 1n);
    }
  });

  test('comes page by page in the order of keys, of some buckets only if asked', async () => {
    for (const place of ['a', 'b', 'c', 'd', 'e']) await insert(place, 'x');

    const found: string[] = [];
    let after: string | undefined;
    do {
      const truth = await page(after, 2);
      found.push(...truth.changes.map(({ key }) => String(key.place)));
      after = truth.next;
    } while (after !== undefined);
    const parts = await Promise.all(
      [0, 1].map((bucket) =>
        store.readTruth({
          placement: places,
          of: { kind: 'page', after: undefined, limit: 10, buckets: { of: 2, only: new Set([bucket]) } },
        }),
      ),
    );

    expect(found).toEqual(['a', 'b', 'c', 'd', 'e']);
    expect(parts.flatMap(({ changes }) => changes.map(({ key }) => key.place)).sort()).toEqual(found);
  });

  test('has the generation that the store was given', async () => {
    const other = database.open({ clock: Date.now, generation: 3 });
    await insert('a', 'x');

    const truth = await other.readTruth({
      placement: places,
      of: { kind: 'page', after: undefined, limit: 1 },
    });

    expect(truth.changes.map(({ version }) => version >> 56n)).toEqual([3n]);
    await other.close();
  });

  test('waits for a writer whose record is below the position, or its update would be lost', async () => {
    await insert('a', 'old');
    await decodedChanges(database, slot);
    const writer = await begun("update source.place set name = 'new' where place = 'a'");

    const reading = page(undefined, 10);
    await lookedOrRead(reading);
    await end(writer, 'commit');
    const truth = await reading;

    const view = createMemoryStore({ clock: Date.now });
    await view.apply(card, truth.changes);
    await view.apply(card, await decodedChanges(database, slot));
    const [held] = await view.read({ kind: 'keys', placement: card, keys: [{ place: 'a' }] });
    expect(held?.row).toMatchObject({ name: 'new' });
  });

  test('yields to a record at the very position that was taken', async () => {
    const view = createMemoryStore({ clock: Date.now });
    let atThePosition = 0;
    for (let round = 1; round <= 60 && atThePosition < 3; round += 1) {
      await database.query('delete from source.place');
      await insert('a', `before ${round}`);
      await decodedChanges(database, slot);
      const truth = await page(undefined, 10);

      await database.query("update source.place set name = $1 where place = 'a'", [`after ${round}`]);

      const changes = await decodedChanges(database, slot);
      await view.apply(card, truth.changes);
      await view.apply(card, changes);
      const [held] = await view.read({ kind: 'keys', placement: card, keys: [{ place: 'a' }] });
      expect(held?.row).toMatchObject({ name: `after ${round}` });
      if (changes[0]?.version === truth.floor) atThePosition += 1;
    }
    // Else nothing was tried.
    expect(atThePosition).toBeGreaterThan(0);
  });

  test('waits neither for readers, nor for writers of other tables and databases, nor for those that come later', async () => {
    await insert('a', 'x');
    const other = await createDatabase(catalog, Date.now);
    const elsewhere = await other.connect();
    await elsewhere.query('begin');
    await elsewhere.query("insert into source.place (place, name) values ('b', 'elsewhere')");
    const idle = [
      await begun('select * from source.place'),
      await begun('update polystore.heartbeat set at = now()'),
    ];
    const writer = await begun("update source.place set rank = 1 where place = 'a'");
    const reading = page(undefined, 10);
    await lookedOrRead(reading);
    const later = await begun("insert into source.place (place, name) values ('later', 'x')");

    await end(writer, 'commit');
    const truth = await reading;

    expect(truth.changes).toMatchObject([{ row: { place: 'a', rank: 1 } }]);
    for (const client of [...idle, later, elsewhere]) await end(client, 'rollback');
    await other.drop();
  });

  test('says whom it waits for when that does not end: process, user, age and when its query began', async () => {
    const impatient = database.open({ clock: Date.now, truthWaitMs: 50 });
    const writer = await begun("insert into source.place (place, name) values ('b', 'x')");
    const [me] = (await writer.query<{ pid: number }>('select pg_backend_pid() as pid')).rows;

    const reading = impatient.readTruth({ placement: places, of: { kind: 'keys', keys: [{ place: 'a' }] } });

    await expect(reading).rejects.toMatchObject({
      code: 'blocked',
      retryable: true,
      message: expect.stringMatching(
        new RegExp(`place\\.source .* process ${me?.pid} of \\w+.* [\\d.]+ s old.* \\d{4}-\\d\\d-\\d\\dT`),
      ),
      details: { pid: String(me?.pid), prepared: null },
    });
    await end(writer, 'rollback');
    await impatient.close();
  });

  test('waits for a prepared transaction that wrote, and names it', async () => {
    const impatient = database.open({ clock: Date.now, truthWaitMs: 50 });
    const gid = `truth-${randomUUID()}`;
    const writer = await begun("insert into source.place (place, name) values ('b', 'x')");
    await end(writer, `prepare transaction '${gid}'`);

    const read = () =>
      impatient.readTruth({ placement: places, of: { kind: 'page', after: undefined, limit: 10 } });

    await expect(read()).rejects.toMatchObject({
      code: 'blocked',
      message: expect.stringContaining(`prepared transaction '${gid}'`),
    });
    await database.query(`commit prepared '${gid}'`);
    expect((await read()).changes).toMatchObject([{ row: { place: 'b' } }]);
    await impatient.close();
  });

  test('whatever is written at the same time: with the stream behind it, the view is the source', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.array(
            fc.record({
              place: fc.constantFrom('a', 'b', 'c'),
              write: fc.constantFrom('upsert', 'upsert', 'delete'),
              pauseMs: fc.nat({ max: 6 }),
              ends: fc.constantFrom('commit', 'commit', 'rollback'),
            }),
            { minLength: 3, maxLength: 8 },
          ),
          { minLength: 2, maxLength: 4 },
        ),
        fc.boolean(),
        async (writers, streamFirst) => {
          await database.query('delete from source.place');
          await decodedChanges(database, slot);
          let writing = true;
          const truths: Change[] = [];

          const readers = (async () => {
            while (writing) {
              truths.push(...(await page(undefined, 10)).changes, ...(await keys('a', 'b', 'c')).changes);
            }
          })();
          await Promise.all(
            writers.map(async (steps, writer) => {
              const client = await database.connect();
              for (const [step, { place, write, pauseMs, ends }] of steps.entries()) {
                await client.query('begin');
                await client.query(
                  write === 'delete'
                    ? 'delete from source.place where place = $1 and $2::text is not null'
                    : `insert into source.place (place, name) values ($1, $2)
                       on conflict (place) do update set name = excluded.name`,
                  [place, `${writer}.${step}`],
                );
                await sleep(pauseMs);
                await client.query(ends);
              }
              await client.end();
            }),
          );
          writing = false;
          await readers;

          const changes = await decodedChanges(database, slot);
          const view = createMemoryStore({ clock: Date.now });
          const [first, second] = streamFirst ? [changes, truths] : [truths, changes];
          for (const each of [...first, ...second]) await view.apply(card, [each]);
          const shown = await view.read({
            kind: 'keys',
            placement: card,
            keys: ['a', 'b', 'c'].map((place) => ({ place })),
          });
          const rows = await database.query('select place, name, rank from source.place order by place');
          expect(
            shown.map(({ row }) => row).sort((a, b) => (String(a.place) < String(b.place) ? -1 : 1)),
          ).toEqual(rows);
        },
      ),
      { numRuns: 12, endOnFailure: true },
    );
  });
});
