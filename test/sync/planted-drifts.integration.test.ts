import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { CatalogEntity } from '../../lambda/model/index.ts';
import { createMemoryStore } from '../../lambda/stores/memory/index.ts';
import type { Placement } from '../../lambda/stores/store.ts';
import { beginVerify, stepVerify } from '../../lambda/sync/verify.ts';
import type { VerifyState } from '../../lambda/sync/verify-state.ts';
import { contractCatalog, placementOf } from '../stores/contract-model.ts';
import { openArchive } from './drift-in-archive.ts';
import { openAurora } from './drift-in-aurora.ts';
import { openKeyspaces } from './drift-in-keyspaces.ts';
import { openOpensearch } from './drift-in-opensearch.ts';
import { openRedis } from './drift-in-redis.ts';
import {
  changeOf,
  type DriftedStore,
  deleteOf,
  indexesOf,
  known,
  ofEach,
  renamed,
  shown,
  versionText,
} from './drifted-rows.ts';
import { createFakeTools, memoryStores } from './job-fakes.ts';

/** Drifts in nine views of five stores, planted behind the stores' backs by the engines' own clients. */

const clock = () => Date.UTC(2013, 0, 1);
const catalog = renamed(contractCatalog(`drifts-${randomUUID().slice(0, 8)}`));
// The contract's model has `item` first.
const item = catalog.entities[0] as CatalogEntity;
const itemView = (name: string): Placement => placementOf(catalog, `${item.name}.${name}`);
const source = itemView('source');
const truth = createMemoryStore({ clock });
const deleted = indexesOf('resurrected').map((index) => deleteOf(item, index));
const all = known.map((index) => changeOf(item, index));

type Name = 'aurora' | 'redis' | 'keyspaces' | 'opensearch' | 'archive';
const opened = new Map<Name, DriftedStore>();
beforeAll(async () => {
  opened.set('aurora', await openAurora(catalog, item, clock));
  opened.set('redis', await openRedis(clock));
  opened.set('keyspaces', await openKeyspaces(catalog, clock));
  opened.set('opensearch', await openOpensearch(catalog, clock));
  opened.set('archive', await openArchive(clock));
  await truth.apply(source, all);
  await truth.apply(source, deleted);
});
afterAll(async () => {
  for (const { close } of opened.values()) await close();
});

const views = [
  ['aurora', 'table'],
  ['aurora', 'flat'],
  ['redis', 'hash'],
  ['redis', 'brief'],
  ['keyspaces', 'wide'],
  ['keyspaces', 'daily'],
  ['opensearch', 'found'],
  ['opensearch', 'logged'],
  ['archive', 'history'],
] as const;

test.each(views)(
  'in %s, %s: 250 planted drifts are found, each of its kind, and repaired, and then there are none',
  async (name, viewName) => {
    const view = itemView(viewName);
    // beforeAll opened each of them.
    const drifted = opened.get(name) as DriftedStore;
    const stores = { ...memoryStores(truth), views: { [name]: drifted.store } };
    const tools = createFakeTools({ catalog, stores, clock });
    const compare = async (repair: boolean): Promise<VerifyState['counts']> => {
      let state = beginVerify(view, { repair });
      while (state.phase !== 'done') state = await stepVerify(tools, view, state);
      return state.counts;
    };
    await drifted.store.apply(view, all);
    await drifted.store.apply(view, deleted);
    expect(await compare(false)).toMatchObject({ compared: shown.length, ...counts(0) });
    const right = await drifted.read(view);
    expect(
      [...right].map(([index, { version, count }]) => ({ index, version, count })).sort(byIndex),
    ).toEqual(shown.map((index) => ({ index, version: versionText(index), count: index })));

    await drifted.drift(view);

    expect(await compare(false)).toMatchObject({ ...counts(ofEach), repaired: 0 });
    expect(await compare(true)).toMatchObject({ ...counts(ofEach), repaired: 5 * ofEach });
    expect(await compare(false)).toMatchObject({ compared: shown.length, ...counts(0) });
    expect(await drifted.read(view)).toEqual(right);
  },
  300_000,
);

const byIndex = (one: { readonly index: number }, other: { readonly index: number }): number =>
  one.index - other.index;

const counts = (each: number) => ({
  missing: each,
  stale: each,
  different: each,
  extra: each * 2,
  unsettled: 0,
});
