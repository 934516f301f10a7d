import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Row } from '../../lambda/change/change.ts';
import { createVersion } from '../../lambda/change/version.ts';
import { PolystoreError } from '../../lambda/errors.ts';
import { compile, dynamodb, entity, entityOf, integer, model, text } from '../../lambda/model/index.ts';
import type { Answer } from '../../lambda/query/answer.ts';
import type { Combiner } from '../../lambda/query/combine/combiner.ts';
import { createDuckdbCombiner } from '../../lambda/query/combine/duckdb.ts';
import { createCombineServer, createQueryEngine, createRemoteCombiner } from '../../lambda/query/index.ts';
import { failure, nowMs, request, ua } from './harness.ts';
import { createViewHarness } from './view-harness.ts';
import { changesOf } from './view-model.ts';

const catalog = compile(
  model('shop', [
    entity('purchase', {
      key: ['tenant', 'purchaseId'],
      tenant: 'tenant',
      fields: { tenant: text(), purchaseId: text(), total: integer() },
      source: dynamodb({ partitionKey: 'T#{tenant}', sortKey: 'P#{purchaseId}' }),
      views: {},
    }),
    entity('line', {
      key: ['tenant', 'purchaseId', 'number'],
      tenant: 'tenant',
      fields: { tenant: text(), purchaseId: text(), number: integer() },
      source: dynamodb({ partitionKey: 'T#{tenant}#P#{purchaseId}', sortKey: 'L#{number}' }),
      views: {},
    }),
  ]),
);
const sql =
  'select p.purchase_id, sum(l.number) as lines from purchase p join line l using (tenant, purchase_id) where p.total > $1 group by 1 order by 1';
const params = [0];

let combiner: Combiner;
beforeAll(async () => {
  combiner = await createDuckdbCombiner({ memoryMb: 128, threads: 1 });
});
afterAll(async () => combiner.close());

/** The function that combines, with the rows; the query function's own stores are empty. */
let combining: ReturnType<typeof createViewHarness>;
let querying: ReturnType<typeof createViewHarness>;
let sent: unknown[];
beforeEach(async () => {
  combining = createViewHarness(catalog, combiner);
  await put('purchase', [
    { tenant: 'UA', purchase_id: 'p1', total: 5 },
    { tenant: 'AA', purchase_id: 'p9', total: 9 },
  ]);
  await put('line', [
    { tenant: 'UA', purchase_id: 'p1', number: 1 },
    { tenant: 'UA', purchase_id: 'p1', number: 2 },
    { tenant: 'AA', purchase_id: 'p9', number: 7 },
  ]);
  sent = [];
  querying = createViewHarness(catalog, remoteOver(combining.engine));
});

function put(name: string, rows: readonly Row[]) {
  const found = entityOf(catalog, name);
  return combining.stores.dynamodb.apply({ entity: found, target: found.source }, changesOf(found, rows));
}

function remoteOver(engine: Parameters<typeof createCombineServer>[0]['engine']) {
  const serve = createCombineServer({ engine, combiner });
  return createRemoteCombiner(async (payload) => {
    const event: unknown = JSON.parse(payload);
    sent.push(event);
    return JSON.stringify(await serve(event));
  });
}

const answering = (answer: () => Promise<Answer>) =>
  createViewHarness(catalog, remoteOver({ read: answer })).query(sql, { params });

describe('a function that has another one combine', () => {
  test('answers what that one would answer itself, and reads nothing', async () => {
    const answer = await querying.query(sql, { params });

    expect(answer.rows).toEqual([{ purchase_id: 'p1', lines: 3 }]);
    expect(answer).toEqual(await combining.query(sql, { params }));
    expect(answer.route).toMatchObject({ class: 'several stores', placement: 'combined' });
  });

  test('sends it nothing that one placement answers', async () => {
    await querying.query("select total from purchase where purchase_id = 'p1'");

    expect(sent).toEqual([]);
  });

  test('has it read as the caller that it has authenticated', async () => {
    const other = { kind: 'tenant', tenant: 'AA', subject: 'somebody' } as const;

    expect((await querying.query(sql, { params }, other)).rows).toEqual([{ purchase_id: 'p9', lines: 7 }]);
    expect(sent).toMatchObject([{ read: { caller: other } }]);
  });

  test('sends tokens as they came, and answers with one that stands for them', async () => {
    const written = { entity: 'purchase', row: { tenant: 'UA', purchase_id: 'p1' } };
    const row = { ...written, version: createVersion(0, 1n), log: undefined };
    const token = await querying.tokens.issue({ aurora: undefined, rows: [row] }, ua);

    const answer = await querying.query(sql, { params, tokens: [token] });

    expect(sent).toMatchObject([{ read: { request: { tokens: [token], params } } }]);
    expect(await querying.tokens.read([answer.token ?? ''], ua)).toEqual({ aurora: undefined, rows: [row] });
  });

  test('sends what is left of the time, not all of it', async () => {
    let elapsedMs = 0;
    const never = () => new Promise<never>(() => {});
    const engine = createQueryEngine({
      ...{ catalog, clock: () => nowMs, generation: 0 },
      stores: { ...querying.stores, combiner: remoteOver(combining.engine) },
      timer: { clock: () => nowMs + elapsedMs, sleep: never },
      tokens: {
        ...querying.tokens,
        read: async (...asked) => {
          elapsedMs += 3_000;
          return querying.tokens.read(...asked);
        },
      },
    });

    await engine.query(request(sql, { params, timeoutMs: 8_000 }), ua);

    expect(sent).toMatchObject([{ read: { request: { timeoutMs: 5_000 } } }]);
  });

  test('passes refusals on by their code', async () => {
    const divided = sql.replace('sum(l.number)', '1 / (sum(l.number) - 3)');

    expect((await failure(querying.query(divided, { params }))).code).toBe('invalid_value');
  });

  test('tells an answer above what an invocation passes on by its size', async () => {
    const rows = [{ note: 'x'.repeat(7_000_000) }];

    const { code, message } = await failure(
      answering(async () => ({ columns: [{ name: 'note', type: 'text' }], rows, rowCount: 1 })),
    );

    expect(code).toBe('result_too_large');
    expect(message).toMatch(/has 7\d{6} bytes; 6291556 are allowed/);
  });

  test('is well when that one is', async () => {
    expect(await querying.engine.health()).toMatchObject({ combiner: 'ok' });
    const down = createRemoteCombiner(() =>
      Promise.reject(new PolystoreError('store_unavailable', 'It is gone.')),
    );
    expect(await createViewHarness(catalog, down).engine.health()).toMatchObject({ combiner: 'unavailable' });
  });
});

describe('a function that combines for another', () => {
  const caller = ua;
  const event = (statement: string): unknown =>
    JSON.parse(JSON.stringify({ read: { request: request(statement), caller } }));

  test('writes nothing, whatever it is sent', async () => {
    const serve = createCombineServer({ engine: combining.engine, combiner });

    expect(
      await serve(event("insert into purchase (tenant, purchase_id, total) values ('UA', 'p3', 1)")),
    ).toMatchObject({ error: { code: 'invalid_request', message: expect.stringMatching(/writes/) } });
    expect((await combining.query("select total from purchase where purchase_id = 'p3'")).rows).toEqual([]);
  });

  test('fails with a defect, which is no refusal', async () => {
    const engine = { read: () => Promise.reject(new TypeError('a defect')) };
    const serve = createCombineServer({ engine, combiner });

    await expect(serve(event('select 1'))).rejects.toThrow('a defect');
  });

  test.each([
    [{}],
    [{ read: { request: request(sql) } }],
    [{ read: { request: request(sql), caller: { kind: 'tenant', tenant: '', subject: 'a' } } }],
    [{ read: { request: request(sql, { timeoutMs: 0 }), caller: ua } }],
    [{ read: { request: request(sql), caller: ua }, more: 1 }],
  ])('refuses what is no request: %j', async (given) => {
    const serve = createCombineServer({ engine: combining.engine, combiner });

    expect(await serve(given)).toMatchObject({
      error: { code: 'invalid_request', message: expect.stringMatching(/documented form/) },
    });
  });
});
