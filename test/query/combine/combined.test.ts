import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Row, Value } from '../../../lambda/change/change.ts';
import { PolystoreError } from '../../../lambda/errors.ts';
import {
  aurora,
  compile,
  dynamodb,
  entity,
  entityOf,
  integer,
  model,
  opensearch,
  shared,
  text,
} from '../../../lambda/model/index.ts';
import type { Combiner } from '../../../lambda/query/combine/combiner.ts';
import { createDuckdbCombiner } from '../../../lambda/query/combine/duckdb.ts';
import { limits } from '../../../lambda/query/limits.ts';
import type { Fragment, Placement, SqlRequest, SqlResult, Store } from '../../../lambda/stores/store.ts';
import { failure, operator } from '../harness.ts';
import { line } from '../shop-model.ts';
import { createViewHarness } from '../view-harness.ts';
import { changesOf } from '../view-model.ts';

/** Orders in DynamoDB, their parts there too, and what parts are called in Aurora and in a search index. */
const catalog = compile(
  model('shop', [
    entity('purchase', {
      key: ['tenant', 'purchaseId'],
      tenant: 'tenant',
      fields: { tenant: text(), purchaseId: text(), buyer: text().optional(), total: integer() },
      source: dynamodb({ partitionKey: 'T#{tenant}', sortKey: 'P#{purchaseId}' }),
      views: {},
    }),
    line,
    entity('part', {
      key: ['part'],
      tenant: shared,
      fields: { part: text(), name: text() },
      source: aurora(),
      views: { found: opensearch.index({ text: { name: 'standard' } }) },
    }),
  ]),
);

let combiner: Combiner;
beforeAll(async () => {
  combiner = await createDuckdbCombiner({ memoryMb: 128, threads: 1 });
});
afterAll(async () => combiner.close());

const parts: readonly Row[] = [
  { part: 'a', name: 'a bolt' },
  { part: 'b', name: 'a nut and a bolt' },
  { part: 'c', name: 'a washer' },
];

function placementIn(name: string, view?: string): Placement {
  const found = entityOf(catalog, name);
  const target = view === undefined ? found.source : found.views.find((one) => one.name === view);
  if (target === undefined) throw new TypeError(`${name} has no view ${view}`);
  return { entity: found, target };
}

const putRows = async (store: Store, placement: Placement, rows: readonly Row[]): Promise<unknown> =>
  store.apply(placement, changesOf(placement.entity, rows));

let harness: ReturnType<typeof createViewHarness>;
let stores: typeof harness.stores;
beforeEach(async () => {
  harness = createViewHarness(catalog, combiner);
  stores = harness.stores;
  stores.aurora.run = async (asked) => {
    stores.aurora.asked.push(asked);
    return partsOf(asked);
  };
  await putRows(stores.dynamodb, placementIn('purchase'), [
    { tenant: 'UA', purchase_id: 'p1', buyer: 'ann', total: 5 },
    { tenant: 'UA', purchase_id: 'p2', buyer: null, total: 7 },
    { tenant: 'AA', purchase_id: 'p1', buyer: 'eve', total: 9 },
  ]);
  await putRows(stores.dynamodb, placementIn('line'), [
    { tenant: 'UA', purchase_id: 'p1', number: 1, part: 'a' },
    { tenant: 'UA', purchase_id: 'p1', number: 2, part: 'b' },
    { tenant: 'UA', purchase_id: 'p2', number: 1, part: null },
    { tenant: 'AA', purchase_id: 'p1', number: 1, part: 'c' },
  ]);
  await putRows(stores.opensearch, placementIn('part', 'found'), parts);
});

/** What Aurora would answer to the reads of parts that plans make: by a list of parts, or all. */
function partsOf({ text: sql, params }: SqlRequest): SqlResult {
  const columns = /^SELECT (.*) FROM part/.exec(sql)?.[1]?.split(', ') ?? [];
  const [list] = params;
  const rows = parts.filter(
    ({ part }) => !Array.isArray(list) || (list as readonly Value[]).includes(part ?? null),
  );
  return {
    columns: columns.map((name) => ({ name, type: 'text' })),
    rows: rows.map((row) => columns.map((name) => row[name] ?? null)),
    rowCount: rows.length,
    position: undefined,
  };
}

const ask = (...asked: Parameters<typeof harness.query>) => harness.query(...asked);

/** What DynamoDB is asked for meanwhile. */
async function askedOf(work: () => Promise<unknown>): Promise<readonly Fragment[]> {
  const { read } = stores.dynamodb;
  const asked: Fragment[] = [];
  stores.dynamodb.read = async (fragment) => {
    asked.push(fragment);
    return read(fragment);
  };
  await work();
  stores.dynamodb.read = read;
  return asked;
}

describe('a statement over several stores', () => {
  test('is answered from where each table is served, read by the values that it is joined by', async () => {
    const sql =
      'select p.purchase_id, l.number, part.name from purchase p join line l using (tenant, purchase_id) left join part on part.part = l.part where p.total < 8 order by 1, 2';

    const answer = await ask(sql);

    expect(answer.rows).toEqual([
      { purchase_id: 'p1', number: 1, name: 'a bolt' },
      { purchase_id: 'p1', number: 2, name: 'a nut and a bolt' },
      { purchase_id: 'p2', number: 1, name: null },
    ]);
    expect(answer.route).toMatchObject({ class: 'several stores', placement: 'combined', engine: 'duckdb' });
    expect(stores.aurora.asked.map(({ params }) => params)).toEqual([[['a', 'b']]]);
  });

  test('reads each partition once, however many rows lead to it', async () => {
    const asked = await askedOf(() =>
      ask(
        'select count(*) from purchase p join line l on l.purchase_id = p.purchase_id join line m on m.purchase_id = l.purchase_id where p.total > 0',
      ),
    );

    const partitions = asked.flatMap((fragment) =>
      fragment.kind === 'slice' ? [JSON.stringify(fragment.equal)] : [],
    );
    // The purchases' own, and for either use of lines one for each purchase.
    expect(partitions.length).toBe(5);
    expect(new Set(partitions).size).toBe(3);
  });

  test('never shows another tenant’s rows, and an operator all', async () => {
    const sql =
      'select p.tenant, l.part from purchase p join line l using (tenant, purchase_id) where total > 0 order by 1, 2';

    expect((await ask(sql)).rows.map((row) => row.tenant)).toEqual(['UA', 'UA', 'UA']);
    expect((await failure(ask(sql, {}, operator))).code).toBe('scan_refused');
    const { rows } = await ask(sql, { scan: 'allowed' }, operator);
    expect(new Set(rows.map((row) => row.tenant)).size).toBeGreaterThan(1);
  });

  test('matches words in one table and joins another', async () => {
    const answer = await ask(
      "select l.number, match_highlight(part.name) as found, match_rank() > 0 as ranked from line l join part using (part) where match(part.name, 'nut') and l.purchase_id = 'p1'",
    ).catch((error: unknown) => error);

    expect(answer).toMatchObject({ code: 'not_supported' });
    expect(
      (
        await ask(
          "select l.number, match_highlight(part.name) as found from line l join part using (part) where match(part.name, 'nut') and l.purchase_id = 'p1' order by match_rank() desc",
        )
      ).rows,
    ).toEqual([{ number: 2, found: 'a <em>nut</em> and a bolt' }]);
  });

  test('is refused with what was tried when a table cannot be read', async () => {
    const { code, message } = await failure(ask('select l.number from line l join part using (part)'));

    expect(code).toBe('scan_refused');
    expect(message).toMatch(
      /line cannot be read for it, neither by its own conditions nor by the values of another table/,
    );
    expect(message).toMatch(/line\.source: /);
  });

  test('takes parameters and the types of PostgreSQL', async () => {
    const answer = await ask(
      'select count(*), sum(l.number), avg(l.number), max(p.buyer) from purchase p, line l where p.purchase_id = l.purchase_id and p.total < $1 and l.number = any($2)',
      { params: [8, [1, 2]] },
    );

    expect(answer.columns).toEqual([
      { name: 'count', type: 'bigint' },
      { name: 'sum', type: 'bigint' },
      { name: 'avg', type: 'decimal' },
      { name: 'max', type: 'text' },
    ]);
    expect(answer.rows).toEqual([{ count: 3, sum: 4, avg: '1.3333333333333333', max: 'ann' }]);
  });

  test('answers no more rows than it may, and combines no more than it may', async () => {
    const sql = 'select l.number from purchase p join line l using (tenant, purchase_id) where p.total > 0';
    expect((await failure(ask(sql, { maxRows: 2 }))).code).toBe('result_too_large');

    stores.aurora.run = async ({ maxRows }) => {
      expect(maxRows).toBe(limits.combinedRows);
      return { columns: [{ name: 'part', type: 'text' }], rows: [], rowCount: 0, position: undefined };
    };
    await ask('select count(*) from purchase p, part where p.total > 0');
  });

  test('says how it would be answered', async () => {
    const sql =
      'select p.buyer, l.part from purchase p join line l using (tenant, purchase_id) where p.total > 5';

    const explained = await harness.explain(sql);

    expect(explained.chosen.why).toBe(
      'purchase is read from purchase.source, line from line.source by the tenant, purchase_id of purchase; the rows are combined here',
    );
    expect(explained.request).toMatchObject({
      reads: [
        { entity: 'purchase', placement: 'purchase.source', by: null },
        { entity: 'line', placement: 'line.source', columns: ['tenant', 'purchase_id', 'part'] },
      ],
    });
    expect(explained.tenancy).toMatch(/rows of the tenant 'UA' alone/);
  });

  test('has the failure of a store that nothing stands in for', async () => {
    stores.dynamodb.read = async () => {
      throw new PolystoreError('store_unavailable', 'DynamoDB is down');
    };

    const error = await ask(
      'select l.number from purchase p join line l using (tenant, purchase_id) where p.total > 0',
    ).catch((thrown: unknown) => thrown);

    expect(error).toMatchObject({
      code: 'store_unavailable',
      // Which placement of which table it was, and not only that they could not be combined.
      told: { details: { failed: [{ placement: 'combined', failed: [{ placement: 'purchase.source' }] }] } },
    });
  });
});

test.each([
  [
    'select total / (total - total) from purchase p join line l using (purchase_id) where p.total > 0',
    'invalid_value',
    'division by zero',
  ],
  [
    "select upper('ß' || buyer) from purchase p join line l using (purchase_id) where p.total > 0",
    'not_supported',
    'upper of ß',
  ],
  [
    'select buyer, count(*) from purchase p join line l using (purchase_id) where p.total > 0',
    'invalid_sql',
    'group by',
  ],
  [
    'select stddev(total) from purchase p join line l using (purchase_id) where p.total > 0',
    'not_supported',
    'the function stddev',
  ],
  [
    "select v.* from (values (interval '1 day')) v(lasts), purchase p where p.total > 0",
    'not_supported',
    'an interval in the answer',
  ],
])('%s is refused by name', async (sql, code, named) => {
  const error = await failure(ask(sql));

  expect([error.code, error.message]).toEqual([code, expect.stringContaining(named)]);
});
