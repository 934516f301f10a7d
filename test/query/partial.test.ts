import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Row } from '../../lambda/change/change.ts';
import { createVersion } from '../../lambda/change/version.ts';
import { PolystoreError } from '../../lambda/errors.ts';
import {
  aurora,
  compile,
  dynamodb,
  entity,
  entityOf,
  integer,
  model,
  shared,
  text,
} from '../../lambda/model/index.ts';
import type { Combiner } from '../../lambda/query/combine/combiner.ts';
import { createDuckdbCombiner } from '../../lambda/query/combine/duckdb.ts';
import type { AnswerSink, QueryAnswer } from '../../lambda/query/engine.ts';
import { createCombineServer, createQueryEngine, createRemoteCombiner } from '../../lambda/query/index.ts';
import { parseRequest, type QueryRequest } from '../../lambda/query/request.ts';
import { failure, nowMs, request, sqlResult, ua } from './harness.ts';
import { line } from './shop-model.ts';
import { createViewHarness } from './view-harness.ts';
import { changesOf } from './view-model.ts';

/** Orders and their lines in DynamoDB, with a copy of the orders in Aurora; what parts are called in Aurora alone. */
const catalog = compile(
  model('shop', [
    entity('purchase', {
      key: ['tenant', 'purchaseId'],
      tenant: 'tenant',
      fields: { tenant: text(), purchaseId: text(), part: text().optional(), total: integer() },
      source: dynamodb({ partitionKey: 'T#{tenant}', sortKey: 'P#{purchaseId}' }),
      views: { copy: aurora.table() },
    }),
    line,
    entity('part', {
      key: ['part'],
      tenant: shared,
      fields: { part: text(), name: text() },
      source: aurora(),
    }),
  ]),
);
const named =
  'select l.number, p.name from line l left join part p using (part) where l.purchase_id = $1 order by 1';
const twoPurchases = "select purchase_id, number from line where purchase_id in ('p1', 'p2')";

let combiner: Combiner;
beforeAll(async () => {
  combiner = await createDuckdbCombiner({ memoryMb: 128, threads: 1 });
});
afterAll(async () => combiner.close());

let harness: ReturnType<typeof createViewHarness>;
beforeEach(async () => {
  harness = createViewHarness(catalog, combiner);
  await put('purchase', [
    { tenant: 'UA', purchase_id: 'p1', part: 'a', total: 5 },
    { tenant: 'UA', purchase_id: 'p2', part: 'b', total: 7 },
    { tenant: 'AA', purchase_id: 'p1', part: 'a', total: 9 },
  ]);
  await put('line', [
    { tenant: 'UA', purchase_id: 'p1', number: 1, part: 'a' },
    { tenant: 'UA', purchase_id: 'p1', number: 2, part: 'b' },
    { tenant: 'UA', purchase_id: 'p2', number: 1, part: 'a' },
    { tenant: 'AA', purchase_id: 'p1', number: 9, part: 'a' },
  ]);
});

const put = (name: string, rows: readonly Row[]) => {
  const found = entityOf(catalog, name);
  return harness.stores.dynamodb.apply({ entity: found, target: found.source }, changesOf(found, rows));
};

const down = () => new PolystoreError('store_unavailable', 'connect ECONNREFUSED 10.1.2.3:5432');
const auroraDown = () => {
  harness.stores.aurora.run = async () => Promise.reject(down());
  harness.stores.aurora.stream = async () => Promise.reject(down());
};
/** DynamoDB does not give the rows of some partitions. */
const partitionDown = (isDown: (purchase: unknown) => boolean, fail: () => Promise<never>) => {
  const { read } = harness.stores.dynamodb;
  harness.stores.dynamodb.read = (fragment) =>
    fragment.kind === 'slice' && isDown(fragment.equal.purchase_id) ? fail() : read(fragment);
};
const ask = (sql: string, more: Partial<QueryRequest> = {}): Promise<QueryAnswer> =>
  harness.query(sql, { partial: true, ...more });

describe('a table that is looked up by another’s values', () => {
  const totals =
    "select l.number, p.total from line l join purchase p using (purchase_id) where l.purchase_id in ('p1', 'p2') order by p.total, l.number";
  const purchasesDown = () => {
    const { read } = harness.stores.dynamodb;
    harness.stores.dynamodb.read = (fragment) =>
      fragment.placement.entity.name === 'purchase' ? Promise.reject(down()) : read(fragment);
  };

  test.each([false, true])(
    'is read by lists from Aurora when its keys cannot be (partial: %s)',
    async (partial) => {
      purchasesDown();
      const asked: unknown[] = [];
      harness.stores.aurora.run = async ({ params }) => {
        asked.push(params);
        return sqlResult(
          ['purchase_id', 'total'],
          [
            ['p1', 5],
            ['p2', 7],
            ['p3', 9],
          ],
        );
      };

      const answer = await harness.query(totals, { partial });

      expect(answer.rows).toEqual([
        { number: 1, total: 5 },
        { number: 2, total: 5 },
        { number: 1, total: 7 },
      ]);
      expect(answer.missing ?? []).toEqual([]);
      expect(asked).toEqual([expect.arrayContaining([['p1', 'p2']])]);
    },
  );
});

const withoutParts = {
  entity: 'part',
  placement: 'aurora.analytics',
  code: 'store_unavailable',
  reason: 'A store did not answer.',
  reads: { failed: 1, of: 1 },
  absentRows: false,
  fewerRepeats: false,
  nullColumns: ['name'],
};

describe('an answer that may be partial', () => {
  test('has nulls for the columns of a table that cannot be read, and says which and why', async () => {
    auroraDown();

    const answer = await ask(named, { params: ['p1'] });

    expect(answer.rows).toEqual([
      { number: 1, name: null },
      { number: 2, name: null },
    ]);
    expect(answer.missing).toEqual([withoutParts]);
  });

  test('is a named error without the permission', async () => {
    auroraDown();

    const { code } = await failure(harness.query(named, { params: ['p1'] }));

    expect(code).toBe('store_unavailable');
  });

  test('says that nothing is missing when all was read, and nothing of it when nobody asked', async () => {
    harness.stores.aurora.run = async () => sqlResult(['part', 'name'], [['a', 'a bolt']]);

    const answer = await ask(named, { params: ['p1'] });

    expect(answer.rows).toEqual([
      { number: 1, name: 'a bolt' },
      { number: 2, name: null },
    ]);
    expect(answer.missing).toEqual([]);
    expect(await harness.query(named, { params: ['p1'] })).not.toHaveProperty('missing');
  });

  test('lacks the rows of a table that cannot be read where they are joined', async () => {
    auroraDown();

    const answer = await ask(named.replace('left join', 'join'), { params: ['p1'] });

    expect(answer.rows).toEqual([]);
    expect(answer.missing).toEqual([{ ...withoutParts, absentRows: true, nullColumns: [] }]);
  });

  test('is no answer where it would say what is not so, and the error says why', async () => {
    auroraDown();

    const error = await ask(
      'select count(p.name) from line l left join part p using (part) where l.purchase_id = $1',
      {
        params: ['p1'],
      },
    ).catch((thrown: unknown) => thrown);

    expect(error).toMatchObject({
      code: 'store_unavailable',
      told: {
        message: expect.stringMatching(/There is no partial answer without part: its rows are counted/),
        details: { notPartial: { entity: 'part' }, failed: [{ placement: 'combined' }] },
      },
    });
  });

  test('has the rows of the partitions that were read', async () => {
    partitionDown(
      (purchase) => purchase === 'p1',
      () => Promise.reject(down()),
    );

    const answer = await ask(twoPurchases);

    expect(answer.rows).toEqual([{ purchase_id: 'p2', number: 1 }]);
    expect(answer.missing).toEqual([
      {
        ...withoutParts,
        ...{ entity: 'line', placement: 'line.source', reads: { failed: 1, of: 2 } },
        ...{ absentRows: true, nullColumns: [] },
      },
    ]);
    expect((await failure(harness.query(twoPurchases))).code).toBe('store_unavailable');
  });

  test('is an error when nothing could be read', async () => {
    partitionDown(
      () => true,
      () => Promise.reject(down()),
    );

    expect((await failure(ask(twoPurchases))).code).toBe('store_unavailable');
  });

  test.each(['order by number limit 1', 'limit 1 offset 1'])(
    'is not made of the first rows (%s), some of which may be absent',
    async (clause) => {
      partitionDown(
        (purchase) => purchase === 'p1',
        () => Promise.reject(down()),
      );

      expect((await failure(ask(`${twoPurchases} ${clause}`))).code).toBe('store_unavailable');
    },
  );

  test('is not made of totals of the partitions that were read', async () => {
    partitionDown(
      (purchase) => purchase === 'p1',
      () => Promise.reject(down()),
    );

    const sql = "select count(*) from line where purchase_id in ('p1', 'p2')";

    expect((await failure(ask(sql))).code).toBe('store_unavailable');
  });

  test('lacks rows of a joined table of which some partitions were read', async () => {
    partitionDown(
      (purchase) => purchase === 'p2',
      () => Promise.reject(down()),
    );

    const answer = await ask(
      'select p.purchase_id, l.number from purchase p left join line l using (tenant, purchase_id) where p.total < 8 order by 1, 2',
    );

    expect(answer.rows).toEqual([
      { purchase_id: 'p1', number: 1 },
      { purchase_id: 'p1', number: 2 },
      { purchase_id: 'p2', number: null },
    ]);
    expect(answer.missing).toMatchObject([
      {
        ...{ entity: 'line', placement: 'line.source', reads: { failed: 1, of: 2 } },
        ...{ absentRows: false, fewerRepeats: true, nullColumns: ['number'] },
      },
    ]);
  });

  test('is read table by table when what answers alone is down', async () => {
    auroraDown();
    const sql =
      'select u.purchase_id, p.name from purchase u left join part p using (part) where u.total < 8 order by 1';

    const answer = await ask(sql);

    expect(answer.rows).toEqual([
      { purchase_id: 'p1', name: null },
      { purchase_id: 'p2', name: null },
    ]);
    expect(answer.route.placement).toBe('combined');
    expect(answer.route.failed.map(({ placement }) => placement)).toContain('aurora.writer');
    expect((await failure(harness.query(sql))).code).toBe('store_unavailable');
  });

  test('has rows of the caller’s tenant alone', async () => {
    auroraDown();

    const other = { kind: 'tenant', tenant: 'AA', subject: 'somebody' } as const;
    const answer = await harness.query(named, { params: ['p1'], partial: true }, other);

    expect(answer.rows).toEqual([{ number: 9, name: null }]);
  });

  test('does not go below what a token stands for', async () => {
    const written = { entity: 'line', row: { tenant: 'UA', purchase_id: 'p1', number: 1 } };
    const row = { ...written, version: createVersion(0, 9n), log: undefined };
    const token = await harness.tokens.issue({ aurora: 7n, rows: [row] }, ua);
    harness.stores.aurora.run = async () =>
      Promise.reject(new PolystoreError('token_not_met', 'The replica is behind.'));

    const { code } = await failure(ask(named, { params: ['p1'], tokens: [token] }));

    expect(code).toBe('token_not_met');
  });

  test('is the same in lines, with what is missing in the last one', async () => {
    auroraDown();
    const rows: unknown[] = [];
    const sink: AnswerSink = {
      begin: async () => {},
      rows: async (some) => {
        rows.push(...some);
      },
      signal: new AbortController().signal,
    };

    const end = await harness.engine.stream(request(named, { params: ['p1'], partial: true }), ua, sink);

    expect(rows).toEqual([
      [1, null],
      [2, null],
    ]);
    expect(end).toEqual({ rowCount: 2, token: null, missing: [withoutParts] });
  });

  test('comes from the function that combines with what it says is missing', async () => {
    auroraDown();
    const serve = createCombineServer({ engine: harness.engine, combiner });
    const remote = createRemoteCombiner(async (payload) => JSON.stringify(await serve(JSON.parse(payload))));

    const querying = createViewHarness(catalog, remote);

    const answer = await querying.query(named, { params: ['p1'], partial: true });
    expect(answer.rows).toEqual([
      { number: 1, name: null },
      { number: 2, name: null },
    ]);
    expect(answer.missing).toEqual([withoutParts]);
    const counted = 'select count(p.name) from line l left join part p using (part) where l.purchase_id = $1';
    await expect(querying.query(counted, { params: ['p1'], partial: true })).rejects.toMatchObject({
      told: { message: expect.stringMatching(/There is no partial answer without part/) },
    });
  });

  test('does not wait for what hangs longer than half of its time', async () => {
    harness.stores.aurora.run = () => new Promise<never>(() => {});
    const slept: number[] = [];
    const engine = createQueryEngine({
      ...{ catalog, tokens: harness.tokens, clock: () => nowMs, generation: 0 },
      stores: { ...harness.stores, combiner },
      timer: {
        clock: () => nowMs,
        // Shares of the time are over at once, and the whole of it never.
        sleep: async (ms) => {
          slept.push(ms);
          if (ms >= 8_000) await new Promise<never>(() => {});
          await new Promise((resolve) => setTimeout(resolve, 5));
        },
      },
    });

    const answer = await engine.query(
      request(named, { params: ['p1'], partial: true, timeoutMs: 8_000 }),
      ua,
    );

    expect(answer.rows).toHaveLength(2);
    expect(answer.missing).toMatchObject([{ entity: 'part', code: 'deadline_exceeded' }]);
    expect(Math.max(...slept.filter((ms) => ms < 8_000))).toBe(4_000);
  });

  test('is not of a write', async () => {
    const { code } = await failure(ask("delete from line where purchase_id = 'p1' and number = 1"));

    expect(code).toBe('invalid_request');
  });

  test('is explained by what it would lack', async () => {
    const { request: explained } = await harness.engine.explain(
      request(named, { params: ['p1'], partial: true }),
      ua,
    );

    expect(explained).toMatchObject({
      reads: [
        { entity: 'line', ifUnread: { absentRows: true, fewerRepeats: false, nullColumns: [] } },
        { entity: 'part', ifUnread: { absentRows: false, fewerRepeats: false, nullColumns: ['name'] } },
      ],
    });
  });
});

test.each([
  [{ sql: 'select 1', limits: { partial: true, pageSize: 5 } }, /A page is whole/],
  [{ sql: 'select 1', limits: { partial: 1 } }, /limits\.partial takes true or false/],
  [
    { statements: [{ sql: 'select 1' }], limits: { partial: true } },
    /limits has partial, which is not known/,
  ],
])('refuses %j', (body, said) => {
  expect(() => parseRequest(JSON.stringify(body))).toThrow(said);
});
