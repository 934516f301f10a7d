import { randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createRedisStore } from '../../lambda/stores/redis/index.ts';
import { sharedEngines } from '../engines.ts';
import { createDatabase, type TestDatabase } from '../stores/aurora-database.ts';
import type { FilledStores } from './filled-stores.ts';
import { nowMs, realTimer as timer } from './harness.ts';
import { holdPages } from './page-property.ts';
import { openTable, openViewStores } from './real-stores.ts';
import { viewCatalog } from './view-model.ts';

const run = randomUUID().slice(0, 8);
// Rows of this suite's tenants only are asked for, and the tenants have the model's name.
const catalog = viewCatalog(`pages-${run}`);
const clock = () => nowMs;

let database: TestDatabase;
let stores: FilledStores;
let folder: string | undefined;
beforeAll(async () => {
  database = await createDatabase(catalog, clock);
  const { folder: made, ...views } = await openViewStores(catalog, clock, { refresh: true });
  folder = made;
  stores = {
    aurora: database.open({ clock }),
    dynamodb: await openTable(catalog, `pages-${run}`, clock),
    redis: createRedisStore({ ...sharedEngines().valkey, tls: false, clock }),
    ...views,
  };
});
afterAll(async () => {
  for (const store of Object.values(stores ?? {})) await store.close();
  await database?.drop();
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
});

test('each row that stays comes once and in order from every placement, whatever is written meanwhile', async () => {
  const reached = await holdPages({ catalog, stores, aurora: true, timer }, 6);

  expect([...reached.keys()].sort()).toEqual([
    'aurora.writer',
    'sighting.board',
    'sighting.byPlace',
    'sighting.byTime',
    'sighting.found',
    'sighting.source',
    'sighting.source.byKind',
  ]);
}, 600_000);
