import { randomUUID } from 'node:crypto';
import { Client, types } from 'cassandra-driver';
import type { Catalog } from '../../lambda/model/index.ts';
import { applyKeyspacesSchema, createKeyspacesStore } from '../../lambda/stores/keyspaces/index.ts';
import { physicalTable, quote } from '../../lambda/stores/keyspaces/schema.ts';
import type { Clock, Placement } from '../../lambda/stores/store.ts';
import { sharedEngines } from '../engines.ts';
import {
  type DriftedStore,
  indexesOf,
  kindOf,
  likeness,
  olderText,
  otherCount,
  type SeenRow,
  strangers,
  strangeText,
} from './drifted-rows.ts';

type Cells = Readonly<Record<string, unknown>>;

/** By CQL, without the limits of Keyspaces. */
export async function openKeyspaces(catalog: Catalog, clock: Clock): Promise<DriftedStore> {
  const { host, port, datacenter } = sharedEngines().cassandra;
  const connection = { host, port, auth: 'none' } as const;
  const keyspace = `drifts_${randomUUID().slice(0, 8)}`;
  await applyKeyspacesSchema({ connection, keyspace, catalog, make: true });
  const store = createKeyspacesStore({ ...connection, keyspace, catalog, clock });
  const client = new Client({
    contactPoints: [host],
    protocolOptions: { port },
    localDataCenter: datacenter,
  });
  await client.connect();

  const tableOf = (view: Placement): string =>
    `${quote(keyspace)}.${quote(physicalTable(catalog, view).name)}`;
  const keyOf = (view: Placement): readonly string[] => {
    const { partitionKey, clustering } = physicalTable(catalog, view);
    return [...partitionKey, ...clustering].map(({ name }) => name);
  };
  const run = (cql: string, params: readonly unknown[]) =>
    client.execute(cql, [...params], { prepare: true, fetchSize: 5000 });
  const everything = async (view: Placement): Promise<readonly Cells[]> =>
    (await run(`select * from ${tableOf(view)}`, [])).rows.map((row) =>
      Object.fromEntries(row.keys().map((name) => [name, row.get(name)])),
    );
  const where = (view: Placement): string =>
    keyOf(view)
      .map((name) => `${quote(name)} = ?`)
      .join(' and ');
  const keyIn = (view: Placement, cells: Cells): readonly unknown[] => keyOf(view).map((name) => cells[name]);
  const remove = (view: Placement, cells: Cells) =>
    run(`delete from ${tableOf(view)} where ${where(view)}`, keyIn(view, cells));
  const insert = (view: Placement, cells: Cells) => {
    const names = Object.keys(cells);
    const marks = names.map(() => '?').join(', ');
    return run(
      `insert into ${tableOf(view)} (${names.map(quote).join(', ')}) values (${marks})`,
      Object.values(cells),
    );
  };
  return {
    store,
    views: ['wide', 'daily'],
    async drift(view) {
      const held = await everything(view);
      for (const cells of held) {
        const index = Number(cells.number);
        switch (kindOf(index)) {
          case 'lost':
            await remove(view, cells);
            break;
          case 'older':
            await insert(view, { ...cells, version: olderText(index), count: otherCount(index) });
            await remove(view, cells);
            break;
          case 'other content':
            await run(`update ${tableOf(view)} set count = ? where ${where(view)}`, [
              otherCount(index),
              ...keyIn(view, cells),
            ]);
            break;
          default:
        }
      }
      for (const kind of strangers)
        for (const index of indexesOf(kind)) {
          const like = held.find(({ number }) => Number(number) === likeness(index));
          // Its sub-bucket too, which need not be that of the stranger.
          await insert(view, { ...like, number: types.Long.fromNumber(index), version: strangeText(index) });
        }
    },
    async read(view) {
      const highest = new Map<number, Cells>();
      for (const cells of await everything(view)) {
        const before = highest.get(Number(cells.number));
        if (before === undefined || String(before.version) < String(cells.version))
          highest.set(Number(cells.number), cells);
      }
      return new Map(
        [...highest]
          .filter(([, { deleted }]) => deleted !== true)
          .map(([number, cells]): readonly [number, SeenRow] => [
            number,
            { version: String(cells.version), count: Number(cells.count), all: textOf(cells) },
          ]),
      );
    },
    async close() {
      await client.shutdown();
      await store.close();
    },
  };
}

const textOf = (cells: Cells): string =>
  JSON.stringify(Object.entries(cells).map(([name, value]) => [name, value === null ? null : String(value)]));
