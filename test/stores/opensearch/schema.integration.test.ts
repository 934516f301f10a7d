import { randomUUID } from 'node:crypto';
import { beforeEach, describe, expect, test } from '@jest/globals';
import {
  bigint,
  type Catalog,
  compile,
  decimal,
  entity,
  entityOf,
  type Fields,
  hours,
  integer,
  kafka,
  model,
  opensearch,
  parseRow,
  shared,
  text,
  timestamp,
  type View,
} from '../../../lambda/model/index.ts';
import { createOpensearchStore, ensureSearch } from '../../../lambda/stores/opensearch/index.ts';
import type { AggregateStore } from '../../../lambda/stores/store.ts';
import { placementOf, upsert } from '../contract-model.ts';
import { ask, connection } from './library.ts';

const nowMs = Date.parse('2013-01-01T12:00:00Z');
const row = { id: '1', name: 'Größe', at: '2013-01-01T00:00:00.000000Z' };

let name: string;
beforeEach(() => {
  name = `schema-${randomUUID().slice(0, 13)}`;
});

function catalogOf(views: Readonly<Record<string, View>>, extra: Fields = {}): Catalog {
  const fields = { id: text(), name: text(), at: timestamp().immutable(), ...extra };
  return compile(
    model(name, [entity('thing', { key: ['id'], tenant: shared, fields, source: kafka(), views })]),
  );
}
const searched = { search: opensearch.index({ text: ['name'] }) };
const logged = { log: opensearch.log({ at: 'at', keep: hours(36), text: ['name'] }) };

const storeOf = (): AggregateStore =>
  createOpensearchStore({ ...connection(), model: name, clock: () => nowMs, refresh: true });

async function put(catalog: Catalog, view: string, values: object): Promise<void> {
  const things = entityOf(catalog, 'thing');
  const store = storeOf();
  const result = await store.apply(placementOf(catalog, `thing.${view}`), [
    upsert(things, parseRow(things, { ...values }), 1),
  ]);
  await store.close();
  expect(result).toEqual({ applied: 1, stale: 0, rejected: [] });
}

describe('the schema of OpenSearch', () => {
  test('is made once, whoever asks for it and how often', async () => {
    const catalog = catalogOf({ ...searched, ...logged });

    const first = await Promise.all([1, 2, 3].map(() => ensureSearch(catalog, connection())));
    await put(catalog, 'log', row);
    await put(catalog, 'search', row);
    const again = await ensureSearch(catalog, connection());

    expect(first.flat().length).toBeGreaterThanOrEqual(2);
    expect(again).toEqual([]);
    expect(Object.keys(await ask('GET', `/_alias/${name}.*`)).toSorted()).toEqual([
      `${name}.state-1`,
      `${name}.thing.log-2013.01.01`,
      `${name}.thing.search-1`,
    ]);
  });

  test('follows new columns, in what is there and in the days to come', async () => {
    const before = catalogOf({ ...searched, ...logged });
    await ensureSearch(before, connection());
    await put(before, 'log', row);
    await put(before, 'search', row);
    const catalog = catalogOf(
      { ...searched, ...logged },
      { price: decimal(9, 2).optional(), sold: bigint().optional() },
    );

    const done = await ensureSearch(catalog, connection());

    expect(done).toEqual([
      `${name}.thing.search-1: added price, sold, @order`,
      `thing.log: put the template ${name}.thing.log`,
      `${name}.thing.log-2013.01.01: added price, sold, @order`,
    ]);
    const full = { ...row, id: '2', price: '1.50', sold: '7' };
    await put(catalog, 'search', full);
    await put(catalog, 'log', full);
    await put(catalog, 'log', { ...full, at: '2013-01-02T00:00:00.000000Z' });
    expect(await ensureSearch(catalog, connection())).toEqual([]);
    const store = storeOf();
    const found = await store.read({
      kind: 'filter',
      placement: placementOf(catalog, 'thing.log'),
      where: [
        {
          kind: 'compare',
          column: entityOf(catalog, 'thing').columns.find((column) => column.name === 'price') ?? never(),
          operator: '>',
          value: '1.49',
        },
      ],
      match: [],
      order: [],
      highlight: [],
      limit: 10,
    });
    await store.close();
    expect(found).toHaveLength(2);
  });

  test('is refused where OpenSearch cannot follow, all of it by name, and then nothing is changed', async () => {
    await ensureSearch(catalogOf(searched, { size: integer() }), connection());
    const catalog = catalogOf(
      { search: opensearch.index({ text: { name: 'english' }, shards: 2 }) },
      { size: text(), extra: text().optional() },
    );

    const refused = ensureSearch(catalog, connection());

    await expect(refused).rejects.toMatchObject({
      code: 'migration_refused',
      details: {
        refused: [
          `${name}.thing.search-1: name.words is text with the analyzer standard, and text with the analyzer english is wanted`,
          `${name}.thing.search-1: size is integer, and keyword is wanted`,
          `${name}.thing.search-1: has 1 shards, and 2 are wanted`,
        ],
      },
    });
    const { [`${name}.thing.search-1`]: index } = await ask('GET', `/${name}.thing.search-1/_mapping`);
    expect(JSON.stringify(index)).not.toContain('extra');
  });

  test('brings settings back that somebody has changed', async () => {
    const catalog = catalogOf(searched);
    await ensureSearch(catalog, connection());
    await ask('PUT', `/${name}.thing.search-1/_settings`, { index: { refresh_interval: '-1' } });

    expect(await ensureSearch(catalog, connection())).toEqual([
      `${name}.thing.search-1: set refresh_interval`,
    ]);
    expect(await ensureSearch(catalog, connection())).toEqual([]);
  });

  test('refuses an index that has the name of the alias', async () => {
    await ask('PUT', `/${name}.thing.search`);

    await expect(ensureSearch(catalogOf(searched), connection())).rejects.toMatchObject({
      code: 'migration_refused',
      message: expect.stringContaining(`${name}.thing.search is an index`),
    });
  });

  test.each(['search', 'log'])(
    'is asked for, and nothing is made without it, by whoever writes to %s',
    async (view) => {
      const catalog = catalogOf({ ...searched, ...logged });
      const things = entityOf(catalog, 'thing');
      const store = storeOf();

      const applied = store.apply(placementOf(catalog, `thing.${view}`), [
        upsert(things, parseRow(things, row), 1),
      ]);

      await expect(applied).rejects.toMatchObject({
        code: 'store_rejected',
        message: expect.stringContaining('schema'),
      });
      await store.close();
      expect(await ask('GET', `/_alias/${name}.*`)).toEqual({});
    },
  );
});

const never = (): never => {
  throw new TypeError('there is no such column');
};
