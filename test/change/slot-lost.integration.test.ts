import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { decodeRecord } from '../../lambda/change/decode.ts';
import { generationOf } from '../../lambda/change/version.ts';
import { aurora, compile, entity, entityOf, integer, model, shared, text } from '../../lambda/model/index.ts';
import { applyReplication, checkReplication } from '../../lambda/stores/aurora/index.ts';
import { type CapturedDatabase, captureDatabase } from './captured-database.ts';

jest.setTimeout(240_000);

const catalog = compile(
  model(`lost${Date.now().toString(36)}`, [
    entity('port', {
      key: ['code'],
      tenant: shared,
      fields: { code: text(), size: integer() },
      source: aurora(),
    }),
  ]),
);

let database: CapturedDatabase;
beforeAll(async () => {
  database = await captureDatabase(catalog, { clock: () => 0, generation: 1 });
});
afterAll(() => database.close());

const next = async () =>
  (await database.next('port', 1)).map((record) => {
    const decoded = decodeRecord(entityOf(catalog, 'port'), record);
    return decoded.kind === 'change' && decoded.change.kind === 'upsert'
      ? { ...decoded.change.row, generation: generationOf(decoded.change.version) }
      : decoded;
  });
const insert = (code: string, size: number) =>
  database.query('insert into source.port values ($1, $2)', [code, size]);

test('a slot that is lost stops the capture until the generation is raised, and by a name', async () => {
  const options = { connection: database.connection, catalog, slot: database.slot };
  await insert('JFK', 1);
  expect(await next()).toEqual([{ code: 'JFK', size: 1, generation: 1 }]);

  await database.stopConnector();
  await insert('LGA', 2);
  await database.dropSlot(database.slot);
  await insert('EWR', 3);

  await expect(checkReplication({ ...options, generation: 1 })).rejects.toMatchObject({ code: 'slot_lost' });
  await expect(applyReplication({ ...options, generation: 1 })).rejects.toMatchObject({ code: 'slot_lost' });
  // Debezium knows where it was, and does not go on in silence from where a slot would begin now.
  await expect(database.startConnector(1)).rejects.toMatchObject({ code: 'engine_failed' });
  await expect(checkReplication({ ...options, generation: 1 })).rejects.toMatchObject({ code: 'slot_lost' });
  await database.stopConnector();

  await applyReplication({ ...options, generation: 2 });
  await database.startConnector(2);
  await insert('SWF', 4);

  expect(await next()).toEqual([{ code: 'SWF', size: 4, generation: 2 }]);
});
