import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { aurora, compile, entity, model, shared, text } from '../../../lambda/model/index.ts';
import { applyReplication, checkReplication } from '../../../lambda/stores/aurora/index.ts';
import { createDatabase, type TestDatabase } from '../aurora-database.ts';

const catalog = compile(
  model('slots', [
    entity('port', { key: ['code'], tenant: shared, fields: { code: text() }, source: aurora() }),
    entity('plane', { key: ['code'], tenant: shared, fields: { code: text() }, source: aurora() }),
  ]),
);
const lossOf = (reason: RegExp) => ({
  code: 'slot_lost',
  message: expect.stringMatching(
    new RegExp(`${reason.source}.*generation to 4.*polystore backfill port; polystore backfill plane`),
  ),
});

describe('the replication slot', () => {
  let database: TestDatabase;
  let slot: string;
  beforeEach(async () => {
    database = await createDatabase(catalog, () => Date.parse('2013-11-15T00:00:00Z'));
    slot = `s_${randomUUID().replaceAll('-', '')}`;
    await apply(3);
  });
  afterEach(async () => {
    await drop();
    await database.drop();
  });

  const options = (generation: number) => ({ connection: database.connection, catalog, slot, generation });
  const apply = (generation: number) => applyReplication(options(generation));
  const check = (generation: number) => checkReplication(options(generation));
  const drop = () => database.dropSlot(slot);
  const found = async () => {
    const [held] = await database.query(
      `select wal_status as "walStatus", failover, restart_lsn::text as "restart",
         (select generation from polystore.capture c where c.slot = s.slot_name) as generation
       from pg_replication_slots s where slot_name = $1`,
      [slot],
    );
    return held;
  };

  test('is made once and stays where it is', async () => {
    const before = await found();

    await apply(3);
    await apply(3);

    expect(before).toMatchObject({ failover: true, generation: 3 });
    expect(await found()).toEqual(before);
    await expect(check(3)).resolves.toBeUndefined();
  });

  test('is missed when it was dropped, and made anew only for a higher generation', async () => {
    await drop();

    await expect(check(3)).rejects.toMatchObject(lossOf(/is not there any more/));
    await expect(apply(3)).rejects.toMatchObject(lossOf(/is not there any more/));
    expect(await found()).toBeUndefined();

    await apply(4);
    expect(await found()).toMatchObject({ failover: true, generation: 4 });
    await expect(check(4)).resolves.toBeUndefined();
    await expect(apply(3)).rejects.toMatchObject({ code: 'invalid_configuration' });
  });

  test('is missed when the server removed WAL that it had not read', async () => {
    await database.query("alter system set max_slot_wal_keep_size = '1MB'");
    await database.query('select pg_reload_conf()');
    try {
      await untilLost();

      await expect(check(3)).rejects.toMatchObject(lossOf(/max_slot_wal_keep_size/));
      await expect(apply(3)).rejects.toMatchObject({ code: 'slot_lost' });
    } finally {
      await database.query('alter system reset max_slot_wal_keep_size');
      await database.query('select pg_reload_conf()');
    }

    await apply(4);
    expect(await found()).toMatchObject({ walStatus: 'reserved', generation: 4 });
  });

  test('of an earlier version, which kept no generation, is taken over and then missed like any other', async () => {
    await database.query('delete from polystore.capture');

    await apply(3);
    await drop();

    await expect(apply(3)).rejects.toMatchObject({ code: 'slot_lost' });
  });

  /** Writes WAL, a segment after the other, until a checkpoint has invalidated the slot. */
  const untilLost = async (): Promise<void> => {
    await database.query('insert into source.port values (gen_random_uuid()::text)');
    await database.query('select pg_switch_wal()');
    await database.query('checkpoint');
    const held = await found();
    if (held?.walStatus === 'lost') return;
    await sleep(50);
    await untilLost();
  };
});
