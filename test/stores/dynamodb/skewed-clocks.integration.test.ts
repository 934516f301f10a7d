import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { positionOf } from '../../../lambda/change/version.ts';
import { createDynamodbStore, ensureTable } from '../../../lambda/stores/dynamodb/index.ts';
import type { Written } from '../../../lambda/stores/store.ts';
import { sharedEngines } from '../../engines.ts';
import { contractCatalog, itemOf, itemRow, keyOfRow, placementOf } from '../contract-model.ts';
import { rowWriter } from '../row-writer.ts';

const catalog = contractCatalog('skewed-clocks');
const entity = itemOf(catalog);
const source = placementOf(catalog, 'item.source');
const table = () => ({
  ...sharedEngines().dynamodb,
  region: 'eu-west-1',
  tableName: `skewed-${process.pid}`,
  catalog,
});
const open = (clock: () => number, checksClock = true) => {
  const store = createDynamodbStore({ ...table(), clock, checksClock });
  return { ...store, writer: rowWriter(store.writer) };
};
/** Up to a second off, which is allowed, and so off that no two are alike. */
const skews = [-900, -400, -50, 0, 50, 400, 900];
const rowOf = () => itemRow({ tenant: `s-${randomUUID()}`, count: 0 });

describe('writers whose clocks are not the same', () => {
  const stores = skews.map((skewMs) => open(() => Date.now() + skewMs));
  beforeAll(() => ensureTable(table()));
  afterAll(() => Promise.all(stores.map((store) => store.close())).then(() => undefined));

  test('put the versions of one row in the order in which its writes took hold, deletes and inserts among them', async () => {
    const row = rowOf();
    const key = keyOfRow(entity, row);
    const written: Written[] = [];
    const work = stores.map(async ({ writer }, index) => {
      for (let turn = 0; turn < 6; turn += 1) {
        const done =
          (turn + index) % 3 === 0
            ? await writer.delete(entity, key)
            : ((await writer.update(entity, key, { count: index * 100 + turn })) ??
              (await writer.insert(entity, [row]).catch(() => []))[0]);
        if (done !== undefined) written.push(done);
      }
    });
    await Promise.all(work);

    // Each write says what it found: by version, each one found what the one before left.
    const inOrder = written.toSorted((left, right) => (left.version < right.version ? -1 : 1));
    expect(new Set(inOrder.map(({ version }) => version)).size).toBe(inOrder.length);
    for (const [at, one] of inOrder.entries()) expect(one.before).toEqual(inOrder[at - 1]?.row);
    const [last] = await (stores[0] as (typeof stores)[number]).versions(source, [key]);
    expect(last).toBe(inOrder.at(-1)?.version);
  });

  test.each([3_000, -3_000, 3_600_000])(
    'refuse to write when they are %d ms off, and write nothing',
    async (skewMs) => {
      const off = open(() => Date.now() + skewMs);
      const row = rowOf();
      try {
        for (const refused of [
          () => off.writer.insert(entity, [row]),
          () => off.writer.insert(entity, [row, itemRow({ ...row, number: '2' })]),
        ])
          await expect(refused()).rejects.toMatchObject({ code: 'clock_off' });
        await (stores[3] as (typeof stores)[number]).writer.insert(entity, [row]);
        await expect(off.writer.update(entity, keyOfRow(entity, row), { count: 1 })).rejects.toMatchObject({
          code: 'clock_off',
        });
        await expect(off.writer.delete(entity, keyOfRow(entity, row))).rejects.toMatchObject({
          code: 'clock_off',
        });

        expect(await off.read({ kind: 'keys', placement: source, keys: [row] })).toMatchObject([
          { row: { count: 0 } },
        ]);
      } finally {
        await off.close();
      }
    },
  );

  test('step over a version from the future, whoever made it', async () => {
    const [now] = [stores[3] as (typeof stores)[number]];
    const future = open(() => Date.now() + 60_000, false);
    const row = rowOf();
    const [made] = await future.writer.insert(entity, [row]);
    await future.close();

    const changed = await now.writer.update(entity, keyOfRow(entity, row), { count: 5 });

    expect(positionOf(changed?.version ?? (0n as never))).toBe(
      positionOf(made?.version ?? (0n as never)) + 1n,
    );
  });
});
