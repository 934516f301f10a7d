import type { Catalog, CatalogEntity } from '../../lambda/model/index.ts';
import { qualified, quoteName, tableName } from '../../lambda/stores/aurora/names.ts';
import type { Clock } from '../../lambda/stores/store.ts';
import { createDatabase } from '../stores/aurora-database.ts';
import { type DriftedStore, indexesOf, type Kind, likeness, strangers, strangeText } from './drifted-rows.ts';

/** By SQL of the superuser. */
export async function openAurora(catalog: Catalog, item: CatalogEntity, clock: Clock): Promise<DriftedStore> {
  const database = await createDatabase(catalog, clock);
  const store = database.open({ clock });
  const columns = [...item.columns.map(({ name }) => name), '_version', '_deleted'];
  const numbers = (kind: Kind): string => indexesOf(kind).join(', ');
  const copied = (table: string, index: number): string => {
    const values = columns.map((name) => {
      if (name === 'number') return String(index);
      return name === '_version' ? strangeText(index) : quoteName(name);
    });
    return `insert into ${table} (${columns.map(quoteName).join(', ')})
      select ${values.join(', ')} from ${table} where number = ${likeness(index)}`;
  };
  return {
    store,
    views: ['table', 'flat'],
    async drift(view) {
      const table = qualified(tableName(view));
      await database.query(`delete from ${table} where number in (${numbers('lost')})`);
      await database.query(
        `update ${table} set _version = _version - 5, count = count + 1000 where number in (${numbers('older')})`,
      );
      await database.query(
        `update ${table} set count = count + 1000 where number in (${numbers('other content')})`,
      );
      await database.query(`delete from ${table} where number in (${numbers('resurrected')})`);
      for (const kind of strangers)
        for (const index of indexesOf(kind)) await database.query(copied(table, index));
    },
    async read(view) {
      const found = await database.query(
        `select number, count, lpad(_version::text, 19, '0') as version, row_to_json(held)::text as all
         from ${qualified(tableName(view))} held where _deleted is not true`,
      );
      return new Map(
        found.map(({ number, count, version, all }) => [
          Number(number),
          { version: String(version), count: Number(count), all: String(all) },
        ]),
      );
    },
    async close() {
      await database.drop();
    },
  };
}
