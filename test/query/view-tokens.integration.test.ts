import { randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Row } from '../../lambda/change/change.ts';
import { createVersion } from '../../lambda/change/version.ts';
import { PolystoreError } from '../../lambda/errors.ts';
import { createAnalyser } from '../../lambda/query/analyse.ts';
import { createQueryEngine, createTokens, type QueryEngine } from '../../lambda/query/index.ts';
import { planRead } from '../../lambda/query/plan-read.ts';
import type { TokenParts } from '../../lambda/query/tokens.ts';
import type { Caller, Store } from '../../lambda/stores/store.ts';
import type { FilledStores } from './filled-stores.ts';
import { fakeAurora, nowMs, planContext, request, secret, realTimer as timer } from './harness.ts';
import { createMemoryStores } from './memory-stores.ts';
import { readBy } from './read-by.ts';
import { openViewStores } from './real-stores.ts';
import { changesOf, sightingOf, sightingPlacement, sightingRow, viewCatalog } from './view-model.ts';

const run = randomUUID().slice(0, 8);
const catalog = viewCatalog(`tokens-${run}`);
const entity = sightingOf(catalog);
const clock = () => nowMs;
const tokens = createTokens(secret);
const analyse = createAnalyser(catalog);

let stores: FilledStores & Required<Pick<FilledStores, 'keyspaces' | 'opensearch' | 'archive'>>;
let engine: QueryEngine;
let folder: string;
beforeAll(async () => {
  const { folder: made, ...views } = await openViewStores(catalog, clock, { refresh: false });
  folder = made;
  stores = { ...createMemoryStores(), aurora: fakeAurora(), ...views };
  engine = createQueryEngine({ catalog, stores, tokens, timer, clock, generation: 0 });
});
afterAll(async () => {
  for (const store of Object.values(stores ?? {})) await store.close();
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
});

/** A tenant of its own for each test, for they run in any order on shared engines. */
const callerOf = (name: string): Caller & { readonly tenant: string } => ({
  kind: 'tenant',
  tenant: `${name}-${run}`,
  subject: 'test',
});
const put = (store: Store, view: string, rows: readonly Row[], position: bigint) =>
  store.apply(sightingPlacement(catalog, view), changesOf(entity, rows, position));
const partsOfAll = (rows: readonly Row[], position: bigint): TokenParts => ({
  aurora: undefined,
  rows: rows.map((row) => ({
    entity: entity.name,
    row,
    version: createVersion(0, position),
    log: undefined,
  })),
});
const partsOf = (row: Row, position: bigint): TokenParts => partsOfAll([row], position);

/** Asks again as long as the token is not met, as a caller would: how long that takes is the machine's. */
async function onceMet<T>(ask: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof PolystoreError && error.code === 'token_not_met')) throw error;
    }
  }
}

/** What one placement answers, and no other in its place. */
async function answerBy(
  placement: string,
  sql: string,
  caller: Caller & { tenant: string },
  token: TokenParts,
) {
  const context = planContext({ tenant: caller.tenant, token });
  const { considered } = planRead(await analyse(sql), catalog, context);
  const candidate = considered.find((one) => one.placement === placement);
  if (candidate?.qualifies !== true) return { refused: candidate?.why ?? 'not considered' };
  const { rows } = await readBy([candidate], { caller, stores, timer, token, maxRows: 100 });
  return { rows };
}

const slice = "select note from sighting where at >= '2013-01-01' and at < '2013-01-01 02:00Z'";

describe('a token', () => {
  test('is awaited by a wide table', async () => {
    const caller = callerOf('wide');
    const row = sightingRow(catalog, { tenant: caller.tenant, note: 'first' });
    await put(stores.keyspaces, 'byTime', [row], 1n);

    const early = answerBy('sighting.byTime', slice, caller, partsOf(row, 2n)).catch(
      (error: unknown) => error,
    );
    expect(await early).toMatchObject({ code: 'token_not_met' });
    const waiting = answerBy('sighting.byTime', slice, caller, partsOf(row, 3n));
    await put(stores.keyspaces, 'byTime', [{ ...row, note: 'second' }], 3n);

    expect(await waiting).toEqual({ rows: [{ note: 'second' }] });
  });

  test.each(['sighting.found', 'sighting.logged'])(
    'is met by the search of %s, not only by a look-up of the row',
    async (placement) => {
      const caller = callerOf(placement.replace('.', '-'));
      const view = placement.split('.')[1] ?? '';
      const sql = `${slice} and match(note, 'goose')`;
      // Several, so that most are asked for before the next refresh of what searches see.
      for (let index = 1; index <= 8; index += 1) {
        const row = sightingRow(catalog, {
          tenant: caller.tenant,
          sighting_id: `s${index}`,
          note: 'a goose',
        });
        await put(stores.opensearch, view, [row], BigInt(index));

        const { rows } = await onceMet(() => answerBy(placement, sql, caller, partsOf(row, BigInt(index))));

        expect(rows?.length).toBe(index);
      }
    },
    120_000,
  );

  test('counts in groups of a search index too', async () => {
    const caller = callerOf('groups');
    const rows = ['s1', 's2', 's3'].map((id) =>
      sightingRow(catalog, { tenant: caller.tenant, sighting_id: id, kind: 'cloud' }),
    );
    await put(stores.opensearch, 'found', rows, 5n);
    const sql = 'select kind, count(*) from sighting group by kind';

    const answer = await onceMet(() => answerBy('sighting.found', sql, caller, partsOfAll(rows, 5n)));

    expect(answer).toEqual({ rows: [{ kind: 'cloud', count: 3 }] });
  });

  test('is asked of the archive once, and refused by totals', async () => {
    const caller = callerOf('archive');
    const row = sightingRow(catalog, { tenant: caller.tenant, note: 'old' });
    const count = "select count(*) from sighting where at >= '2013-01-01' and at < '2013-01-01 02:00Z'";
    const history = () => answerBy('sighting.history', count, caller, partsOf(row, 4n));

    const missing = await history().catch((error: unknown) => error);
    await put(stores.archive, 'history', [row], 4n);

    expect(missing).toMatchObject({ code: 'token_not_met' });
    expect(await history()).toEqual({ rows: [{ count: 1 }] });
    expect(await answerBy('sighting.hourly', count, caller, partsOf(row, 4n))).toEqual({
      refused: expect.stringContaining('totals do not say'),
    });
    // A row of another day is in no total of these hours.
    const elsewhere = { ...row, at: '2013-01-05T00:00:00.000000Z' };
    expect(await answerBy('sighting.hourly', count, caller, partsOf(elsewhere, 4n))).toEqual({
      rows: [{ count: 0 }],
    });
  });
});

test('words are ranked and marked by OpenSearch, for the caller’s tenant alone', async () => {
  const caller = callerOf('words');
  const note = (id: string, text: string, tenant = caller.tenant) =>
    sightingRow(catalog, { tenant, sighting_id: id, note: text });
  const rows = [
    note('s1', 'a goose among many, many other birds that nobody has ever counted'),
    note('s2', 'Goose! Goose!'),
    note('s3', 'a swan'),
    note('s4', 'goose goose goose', callerOf('strangers').tenant),
  ];
  await put(stores.opensearch, 'found', rows, 1n);
  const token = await tokens.issue(partsOfAll(rows.slice(0, 3), 1n), caller);

  const { rows: found, route } = await onceMet(() =>
    engine.query(
      request(
        'select sighting_id, match_rank() as rank, match_highlight(note) as passage from sighting where match(note, $1) order by rank desc',
        { params: ['goose'], tokens: [token] },
      ),
      caller,
    ),
  );

  expect(route).toMatchObject({ placement: 'sighting.found', class: 'full text' });
  expect(found.map(({ sighting_id }) => sighting_id)).toEqual(['s2', 's1']);
  expect(found[0]?.passage).toBe('<em>Goose</em>! <em>Goose</em>!');
  expect(Number(found[0]?.rank)).toBeGreaterThan(Number(found[1]?.rank));
});

test('all stores are healthy', async () => {
  expect(await engine.health()).toEqual({
    aurora: 'ok',
    dynamodb: 'ok',
    redis: 'ok',
    keyspaces: 'ok',
    opensearch: 'ok',
    archive: 'ok',
  });
});
