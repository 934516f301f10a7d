import { randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Row, Value } from '../../lambda/change/change.ts';
import { PolystoreError } from '../../lambda/errors.ts';
import { createAnalyser } from '../../lambda/query/analyse.ts';
import { createQueryEngine, createTokens } from '../../lambda/query/index.ts';
import type { PlanContext } from '../../lambda/query/plan.ts';
import { planRead } from '../../lambda/query/plan-read.ts';
import type { QueryStores } from '../../lambda/query/query-stores.ts';
import type { QueryRequest } from '../../lambda/query/request.ts';
import type { Caller } from '../../lambda/stores/store.ts';
import { createDatabase, type TestDatabase } from '../stores/aurora-database.ts';
import { failure, fakeAurora, nowMs, planContext, request, secret, realTimer as timer } from './harness.ts';
import { createMemoryStores } from './memory-stores.ts';
import { readBy } from './read-by.ts';
import { openViewStores } from './real-stores.ts';
import { changesOf, sightingPlacement, sightingRow, viewCatalog } from './view-model.ts';

const run = randomUUID().slice(0, 8);
const [own, other] = [`L${run}`, `M${run}`];
const caller: Caller = { kind: 'tenant', tenant: own, subject: 'test' };
const catalog = viewCatalog(`long-${run}`);
const clock = () => nowMs;
const analyse = createAnalyser(catalog);

/** More than one answer of OpenSearch can have (`index.max_result_window`). */
const count = 12_345;
const pick = <T>(some: readonly T[], index: number): T => some[index % some.length] as T;
const rowOf = (index: number): Row =>
  sightingRow(catalog, {
    tenant: index % 50 === 0 ? other : own,
    sighting_id: `s${index}`,
    at: new Date(Date.UTC(2013, 0, 1) + index * 1000).toISOString(),
    place: pick(['EWR', 'JFK', '\u{1f6eb}', '\ufffd', 'e'], index),
    kind: pick(['bird', 'plane', 'cloud'], index),
    wings: pick([2, -3, 2_147_483_647, null, -2_147_483_648, 7, 0], index),
    height: pick(['9007199254740993', '9007199254740992', '-9223372036854775808', null], index),
    weight: pick(['1.500', '-0.001', '99999.999', null, '0.000'], index),
    seen_on: pick(['0001-01-01', '2013-01-01', null, '9999-12-31'], index),
    note: pick(['a', '', null, 'Z', 'é', '\u{1f986}'], index),
  });

let database: TestDatabase;
let stores: QueryStores & Required<Pick<QueryStores, 'opensearch'>>;
let folder: string | undefined;
beforeAll(async () => {
  database = await createDatabase(catalog, clock);
  const { folder: made, ...views } = await openViewStores(catalog, clock, { refresh: true });
  folder = made;
  stores = { ...createMemoryStores(), aurora: database.open({ clock }), opensearch: views.opensearch };
  for (const view of [views.keyspaces, views.archive]) await view.close();
  const rows = Array.from({ length: count }, (_, index) => rowOf(index));
  for (const [store, view] of [
    [stores.aurora, 'table'],
    [views.opensearch, 'found'],
  ] as const)
    for (let start = 0; start < count; start += 2_500) {
      const placement = sightingPlacement(catalog, view);
      await store.apply(placement, changesOf(placement.entity, rows.slice(start, start + 2_500)));
    }
});
afterAll(async () => {
  for (const store of Object.values(stores ?? {})) await store.close();
  await database?.drop();
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
});

const down = async (): Promise<never> => {
  throw new PolystoreError('store_unavailable', 'down');
};
const downAurora = { ...fakeAurora(), run: down, stream: down };

/** An engine whose OpenSearch alone is there, or whose Aurora alone. */
const engineOf = (only: 'opensearch' | 'aurora') => {
  const { dynamodb, redis } = createMemoryStores();
  const gone = { dynamodb, redis, aurora: downAurora };
  return createQueryEngine({
    catalog,
    stores:
      only === 'opensearch' ? { ...gone, opensearch: stores.opensearch } : { ...gone, aurora: stores.aurora },
    tokens: createTokens(secret),
    timer,
    clock,
    generation: 0,
  });
};

/** The rows of a statement as they come in lines, and what answered. */
async function streamed(only: 'opensearch' | 'aurora', sql: string, more: Partial<QueryRequest> = {}) {
  const rows: (readonly Value[])[] = [];
  let placement = '';
  const sink = {
    begin: async ({ route }: { readonly route: { readonly placement: string } }) => {
      placement = route.placement;
    },
    rows: async (some: readonly (readonly Value[])[]) => {
      rows.push(...some);
    },
    signal: new AbortController().signal,
  };
  const { rowCount } = await engineOf(only).stream(
    request(sql, { maxRows: 100_000, timeoutMs: 25_000, ...more }),
    caller,
    sink,
  );
  return { placement, rows, rowCount };
}

const orders = [
  'wings, sighting_id',
  'height desc nulls last, weight nulls first, sighting_id',
  'note nulls first, seen_on desc, place, sighting_id desc',
];

test.each(orders)(
  'more rows than one answer of OpenSearch has are read in the order of %s as PostgreSQL gives them',
  async (order) => {
    const sql = `select sighting_id, wings, height, weight, note, seen_on from sighting where note is not null or kind is not null order by ${order}`;

    const found = await streamed('opensearch', sql);
    const right = await streamed('aurora', sql);

    expect([found.placement, right.placement]).toEqual(['sighting.found', expect.stringMatching(/^aurora/)]);
    expect(found.rowCount).toBe(count - Math.ceil(count / 50));
    expect(found.rows).toEqual(right.rows);
  },
  120_000,
);

test.each([
  ['limit 20 offset 11500', 20],
  ['limit 1000 offset 11990', 108],
  ['limit 5 offset 50000', 0],
])('%s is answered beyond the rows of one answer of OpenSearch', async (cut, rows) => {
  const sql = `select sighting_id, wings from sighting where (kind = 'bird' or kind <> 'bird') order by wings desc, sighting_id ${cut}`;

  const found = await engineOf('opensearch').query(request(sql), caller);
  const right = await engineOf('aurora').query(request(sql), caller);

  expect(found.route.placement).toBe('sighting.found');
  expect(found.rows.length).toBe(rows);
  expect(found.rows).toEqual(right.rows);
});

test('pages by cursors go on through all rows of an index, each once and in order', async () => {
  const sql = 'select sighting_id, note from sighting where not kind is null order by note desc, place';
  const engine = engineOf('opensearch');
  const rows: Row[] = [];
  let cursor: string | undefined;
  do {
    const page = await engine.query(
      request(sql, { pageSize: 3_000, maxRows: 10_000, ...(cursor !== undefined && { cursor }) }),
      caller,
    );
    expect(page.route.placement).toBe('sighting.found');
    rows.push(...page.rows);
    cursor = page.cursor ?? undefined;
  } while (cursor !== undefined);
  const right = await streamed(
    'aurora',
    `${sql}, sighting_id`.replace('not kind is null', 'kind is not null'),
  );

  expect(rows.map(({ sighting_id, note }) => [sighting_id, note])).toEqual(right.rows);
});

/** What the index is planned for, and answers alone. */
async function byIndex(sql: string, context: Partial<PlanContext> = {}) {
  const { considered } = planRead(await analyse(sql), catalog, planContext({ tenant: own, ...context }));
  const candidate = considered.find(({ placement }) => placement === 'sighting.found');
  if (candidate?.qualifies !== true) throw new PolystoreError('not_supported', candidate?.why ?? 'none');
  const { maxRows } = context;
  return readBy([candidate], {
    caller,
    stores,
    timer,
    withinMs: 25_000,
    ...(maxRows !== undefined && { maxRows }),
  });
}

test('the caller’s bounds hold while rows are read: of rows, and of how far a limit reaches', async () => {
  const sql = 'select sighting_id from sighting where kind is not null order by sighting_id';

  const many = await failure(byIndex(sql, { maxRows: 11_000 }));
  const far = await failure(byIndex(`${sql} limit 10 offset 100000`));

  expect(many).toMatchObject({ code: 'result_too_large', message: expect.stringContaining('11000 rows') });
  expect(far.message).toContain('limit and offset reach beyond 100000 rows');
});

test('all of an index is read where a scan is allowed, and refused by name where it is not', async () => {
  const sql = 'select sighting_id from sighting';

  const refused = await failure(byIndex(sql, { maxRows: 100_000 }));
  const allowed = await byIndex(sql, { maxRows: 100_000, scan: 'allowed' });

  expect(refused).toMatchObject({
    code: 'scan_refused',
    message: expect.stringContaining('"scan": "allowed"'),
  });
  expect(new Set(allowed.rows.map(({ sighting_id }) => sighting_id)).size).toBe(
    count - Math.ceil(count / 50),
  );
});
