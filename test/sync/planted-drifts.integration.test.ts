import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import type { Change, Row } from '../../lambda/change/change.ts';
import { renderVersion } from '../../lambda/change/version.ts';
import type { Catalog, CatalogEntity } from '../../lambda/model/index.ts';
import { qualified, quoteName, tableName } from '../../lambda/stores/aurora/names.ts';
import { createMemoryStore } from '../../lambda/stores/memory/index.ts';
import { rowId } from '../../lambda/stores/placement.ts';
import { createRedisStore } from '../../lambda/stores/redis/index.ts';
import { keyGroup } from '../../lambda/stores/redis/schema.ts';
import { renderValue } from '../../lambda/stores/redis/value.ts';
import type { Placement } from '../../lambda/stores/store.ts';
import type { ViewStore } from '../../lambda/stores/view-store.ts';
import { beginVerify, stepVerify } from '../../lambda/sync/verify.ts';
import type { VerifyState } from '../../lambda/sync/verify-state.ts';
import { sharedEngines } from '../engines.ts';
import { createDatabase, type TestDatabase } from '../stores/aurora-database.ts';
import { contractCatalog, itemRow, placementOf, remove, upsert } from '../stores/contract-model.ts';
import { createFakeTools, memoryStores } from './job-fakes.ts';

/** A thousand drifts in four views, planted behind the stores' backs by the engines' own clients. */

const clock = () => Date.UTC(2013, 0, 1);
/** Redis knows a view by its name alone, and the node is shared. */
const catalog = renamed(contractCatalog('drifts'));
// The contract's model has `item` first.
const item = catalog.entities[0] as CatalogEntity;
const itemView = (name: string): Placement => placementOf(catalog, `${item.name}.${name}`);
const source = itemView('source');

const kinds = ['lost', 'older', 'other content', 'not in the source', 'resurrected'] as const;
type Kind = (typeof kinds)[number];
const ofEach = 50;
const rows = 1000;
const kindOf = (index: number): Kind | undefined => kinds[Math.floor(index / ofEach)];
const indexesOf = (kind: Kind): readonly number[] =>
  Array.from({ length: ofEach }, (_, offset) => kinds.indexOf(kind) * ofEach + offset);

const rowOf = (index: number): Row => itemRow({ number: String(index), count: index, note: `row ${index}` });
const positionOf = (index: number): number => 1000 + index * 10;
const changeOf = (index: number): Change => upsert(item, rowOf(index), positionOf(index));
const deleteOf = (index: number): Change => remove(item, rowOf(index), positionOf(index) + 1);

let database: TestDatabase;
let aurora: ViewStore;
const redis = createRedisStore({ ...sharedEngines().valkey, tls: false, clock });
const client = new Redis({ ...sharedEngines().valkey, lazyConnect: true });

beforeAll(async () => {
  database = await createDatabase(catalog, clock);
  aurora = database.open({ clock });
  await client.connect();
}, 60_000);
afterAll(async () => {
  client.disconnect();
  await redis.close();
  await database.drop();
});

/** By SQL of the superuser. */
async function driftInAurora(placement: Placement): Promise<void> {
  const table = qualified(tableName(placement));
  const numbers = (kind: Kind): string => indexesOf(kind).join(', ');
  const columns = [...entityColumns(), '_version', '_deleted'];
  const copied = (index: number, version: number): string =>
    `insert into ${table} (${columns.map(quoteName).join(', ')})
      select ${columns.map((name) => copiedColumn(name, index, version)).join(', ')} from ${table} where number = ${rows - 1}`;
  await database.query(`delete from ${table} where number in (${numbers('lost')})`);
  await database.query(
    `update ${table} set _version = _version - 5, count = count + 1000 where number in (${numbers('older')})`,
  );
  await database.query(
    `update ${table} set count = count + 1000 where number in (${numbers('other content')})`,
  );
  await database.query(`delete from ${table} where number in (${numbers('resurrected')})`);
  for (const kind of ['not in the source', 'resurrected'] as const)
    for (const index of indexesOf(kind)) await database.query(copied(index, positionOf(index) + 7));
}

const entityColumns = (): readonly string[] => item.columns.map(({ name }) => name);

function copiedColumn(name: string, index: number, version: number): string {
  if (name === 'number') return String(index);
  return name === '_version' ? String(version) : quoteName(name);
}

/** By commands of a client that knows nothing of scripts. */
async function driftInRedis(placement: Placement): Promise<void> {
  const group = keyGroup(placement, rowOf(0));
  if (group === undefined) throw new Error('a row of the contract says where it lies');
  const idOf = (index: number): string => rowId(placement, rowOf(index));
  const held = async (index: number): Promise<string> => (await client.hget(group.rows, idOf(index))) ?? '';
  const put = (index: number, value: string) => client.hset(group.rows, idOf(index), value);
  const otherCount = (text: string, index: number): string =>
    text.replace(`"count":${index}`, `"count":${index + 1000}`);
  for (const index of indexesOf('lost')) await client.hdel(group.rows, idOf(index));
  for (const index of indexesOf('older')) {
    const { version } = changeOf(index);
    const older = renderVersion(changeOf(index - 1).version);
    await put(index, otherCount((await held(index)).replace(renderVersion(version), older), index));
  }
  for (const index of indexesOf('other content')) await put(index, otherCount(await held(index), index));
  for (const kind of ['not in the source', 'resurrected'] as const)
    for (const index of indexesOf(kind)) {
      const { version } = upsert(item, rowOf(index), positionOf(index) + 7);
      await put(index, renderValue(placement, { version, expiry: undefined, row: rowOf(index) }));
    }
}

const views = [
  { name: 'table', store: () => aurora, drift: driftInAurora },
  { name: 'flat', store: () => aurora, drift: driftInAurora },
  { name: 'hash', store: () => redis, drift: driftInRedis },
  { name: 'brief', store: () => redis, drift: driftInRedis },
] as const;

test('a thousand planted drifts are found, each of its kind, and repaired, and then there are none', async () => {
  const truth = createMemoryStore({ clock });
  const isThere = (index: number): boolean => kindOf(index) !== 'not in the source';
  const all = Array.from({ length: rows }, (_, index) => index).filter(isThere);
  const deleted = indexesOf('resurrected').map(deleteOf);
  await truth.apply(source, all.map(changeOf));
  await truth.apply(source, deleted);
  const stores = { ...memoryStores(truth), views: { aurora, redis } };
  const tools = createFakeTools({ catalog, stores, clock });
  let found = 0;
  let repaired = 0;

  for (const { name, store, drift } of views) {
    const view = itemView(name);
    await store().apply(view, all.map(changeOf));
    await store().apply(view, deleted);
    expect(await compare(view, false)).toMatchObject({ compared: 900, ...counts(0) });
    await drift(view);

    expect(await compare(view, false)).toMatchObject({ ...counts(ofEach), repaired: 0 });
    const mended = await compare(view, true);
    found += mended.missing + mended.stale + mended.different + mended.extra;
    repaired += mended.repaired;
    expect(await compare(view, false)).toMatchObject({ compared: 900, ...counts(0) });
  }

  expect([found, repaired]).toEqual([1000, 1000]);

  async function compare(view: Placement, repair: boolean): Promise<VerifyState['counts']> {
    let state = beginVerify(view, { repair });
    while (state.phase !== 'done') state = await stepVerify(tools, view, state);
    return state.counts;
  }
}, 300_000);

const counts = (each: number) => ({
  missing: each,
  stale: each,
  different: each,
  extra: each * 2,
  unsettled: 0,
});

function renamed(original: Catalog): Catalog {
  const suffix = randomUUID().replaceAll('-', '').slice(0, 8);
  return {
    ...original,
    entities: original.entities.map((each) => ({ ...each, name: `${each.name}_${suffix}` })),
  };
}
