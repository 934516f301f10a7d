import { expect, test } from '@jest/globals';
import { PolystoreError } from '../../lambda/errors.ts';
import { answerLines } from '../../lambda/query/answer-lines.ts';
import { createQueryApp } from '../../lambda/query/app.ts';
import type { AnswerSink, QueryEngine } from '../../lambda/query/engine.ts';
import type { SqlResult } from '../../lambda/stores/store.ts';
import { createHarness, flight, sqlResult, ua } from './harness.ts';

type Ended = 'whole' | 'broken off' | 'caller gone';

const route = { class: 'analytic', placement: 'p', engine: 'aurora', why: 'w', failed: [] } as const;
const columns = [{ name: 'a', type: 'integer' }] as const;

/** An answer in lines of what `ask` does, and how it ended. */
function lines(ask: (sink: AnswerSink) => Promise<{ rowCount: number; token: null }>, maxBytes = 10_000) {
  const ended = Promise.withResolvers<Ended>();
  const body = answerLines(ask, {
    signal: new AbortController().signal,
    maxBytes,
    renderError: (error) => (error instanceof PolystoreError ? { code: error.code } : { code: 'internal' }),
    ended: ended.resolve,
  });
  return { body, ended: ended.promise };
}

const parse = async (body: ReadableStream<Uint8Array> | Response): Promise<readonly unknown[]> => {
  const text = await (body instanceof Response ? body : new Response(body)).text();
  expect(text.endsWith('\n')).toBe(true);
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
};

function createApp(
  answers: (SqlResult | PolystoreError)[] = [],
  {
    streams = true,
    engine: given,
  }: { readonly streams?: boolean; readonly engine?: Partial<QueryEngine> } = {},
) {
  const harness = createHarness(answers);
  const app = createQueryApp({
    engine: { ...harness.engine, ...given },
    authenticate: async () => ua,
    log: { info: () => {}, warn: () => {}, error: () => {} },
    newRequestId: () => 'made-here',
    streams,
  });
  const ask = (body: unknown, accept = 'application/x-ndjson') =>
    app.request('/query', { method: 'POST', body: JSON.stringify(body), headers: { accept } });
  return { ...harness, ask };
}

test.each(['application/x-ndjson', 'text/html, Application/X-NDJSON;q=0.9'])(
  'who accepts %s gets columns and route, an array for each row, and the token at the end',
  async (accept) => {
    const { ask, seed } = createApp();
    await seed(flight());

    const response = await ask(
      { sql: 'select origin, origin, distance_miles from flight where flight_number = 1545' },
      accept,
    );

    expect(response.headers.get('content-type')).toBe('application/x-ndjson');
    const [head, ...rest] = await parse(response);
    expect(head).toMatchObject({
      columns: [
        { name: 'origin', type: 'text' },
        { name: 'origin_2', type: 'text' },
        { name: 'distance_miles', type: 'integer' },
      ],
      route: { placement: 'flight.source', engine: 'dynamodb' },
    });
    expect(rest).toEqual([['EWR', 'EWR', 1400], { rowCount: 1, token: null }]);
  },
);

test('the last line of a page has its cursor', async () => {
  const { ask, seed } = createApp();
  for (const hour of [10, 11]) await seed(flight({ scheduled_at: `2013-01-01T${hour}:00:00Z` }));
  const page = {
    sql: 'select scheduled_at from flight where flight_number = 1545',
    limits: { pageSize: 1 },
  };

  const lines = await parse(await ask(page));

  expect(lines.slice(1)).toEqual([
    ['2013-01-01T10:00:00.000000Z'],
    { rowCount: 1, token: null, cursor: expect.any(String) },
  ]);
});

test('the same answer is JSON for whoever does not accept lines', async () => {
  const { ask, seed } = createApp();
  await seed(flight());

  const response = await ask({ sql: 'select origin from flight where flight_number = 1545' }, '*/*');

  expect(await response.json()).toMatchObject({ rows: [{ origin: 'EWR' }], rowCount: 1 });
});

test('Aurora’s rows come in lines, and a write’s with its token', async () => {
  const rows = [
    [1, null],
    [2, 'x'],
  ];
  const { ask, seed } = createApp([sqlResult(['n', 'n'], rows)]);
  await seed(flight());

  const read = await parse(await ask({ sql: 'select count(*) as n, max(name) as n from airport' }));
  const written = await parse(
    await ask({
      sql: `update flight set status = 'cancelled' where carrier = 'UA' and flight_number = 1545
        and scheduled_at = '2013-01-01T10:15:00Z' returning origin`,
    }),
  );

  expect(read.slice(1)).toEqual([...rows, { rowCount: 2, token: null }]);
  expect(written.slice(1)).toEqual([['EWR'], { rowCount: 1, token: expect.any(String) }]);
});

test('what fails before its first line is an error with its status, after the next placement was asked', async () => {
  const down = (): PolystoreError => new PolystoreError('store_unavailable', 'down');
  const { ask } = createApp([down(), down(), down(), down()]);

  const response = await ask({ sql: 'select count(*) as n, max(name) as n from airport' });

  expect(response.status).toBe(503);
  expect(await response.json()).toMatchObject({
    error: { code: 'store_unavailable', details: { failed: [{}, {}, {}, {}] } },
  });
});

test('what fails after its first line ends with the error and is not asked of another placement', async () => {
  const { ask, aurora, options } = createApp();
  let asked = 0;
  // The engine holds the store that it was given.
  Object.assign(options.stores.aurora, {
    stream: async (...[, sink]: Parameters<typeof aurora.stream>) => {
      asked += 1;
      await sink.begin([{ name: 'n', type: 'bigint' }]);
      await sink.rows([[1]]);
      throw new PolystoreError('store_unavailable', 'it went down');
    },
  });

  const [, row, last, ...more] = await parse(await ask({ sql: 'select count(*) as n from airport' }));

  expect([row, last, more, asked]).toEqual([
    [1],
    { error: expect.objectContaining({ code: 'store_unavailable', retryable: true }) },
    [],
    1,
  ]);
});

test('an answer in lines may have more rows than one that is held', async () => {
  const { ask, aurora } = createApp([sqlResult(['n'], [[1]])]);
  const body = { sql: 'select count(*) as n from airport', limits: { maxRows: 100_000 } };

  const whole = await ask(body, 'application/json');
  const lines = await parse(await ask(body));

  expect([whole.status, await whole.json()]).toEqual([
    400,
    {
      error: expect.objectContaining({ code: 'invalid_request', message: expect.stringContaining('10000') }),
    },
  ]);
  expect(lines.at(-1)).toEqual({ rowCount: 1, token: null });
  expect(aurora.asked.map(({ maxRows }) => maxRows)).toEqual([100_000]);
});

test('several statements are refused in lines', async () => {
  const { ask } = createApp();

  const response = await ask({ statements: [{ sql: 'select 1' }] });

  expect([response.status, await response.json()]).toEqual([
    422,
    { error: expect.objectContaining({ code: 'not_supported' }) },
  ]);
});

test('a front that gives answers whole bounds them, one that streams does not', async () => {
  const text = 'x'.repeat(1_000_000);
  const rows = Array.from({ length: 6 }, () => [text]);
  const sql = 'select count(*) as n, max(name) as n from airport';
  const ends = [true, false].map(async (streams) => {
    const { ask } = createApp([sqlResult(['t'], rows)], { streams });
    return (await parse(await ask({ sql }))).at(-1);
  });

  expect(await Promise.all(ends)).toEqual([
    { rowCount: 6, token: null },
    { error: expect.objectContaining({ code: 'result_too_large' }) },
  ]);
});

test('a line is made when the one before it was taken', async () => {
  let made = 0;
  const { body } = lines(async ({ begin, rows }) => {
    await begin({ columns, route });
    for (; made < 1_000; made += 1) await rows([[made]]);
    return { rowCount: made, token: null };
  });
  const reader = (await body).getReader();

  await reader.read();
  await reader.read();
  // Whatever could be made without being taken is made in this time.
  for (let turn = 0; turn < 100; turn += 1) await new Promise(setImmediate);

  expect(made).toBeLessThanOrEqual(2);
});

test('a caller who goes away ends what is asked for it', async () => {
  const stopped = Promise.withResolvers<void>();
  const { body, ended } = lines(async ({ begin, rows, signal }) => {
    signal.addEventListener('abort', () => stopped.resolve());
    await begin({ columns, route });
    await rows([[1]]);
    await stopped.promise;
    throw new Error('ended');
  });
  const reader = (await body).getReader();
  await reader.read();

  await reader.cancel();

  await stopped.promise;
  expect(await ended).toBe('caller gone');
});

test('more bytes than allowed end with the error', async () => {
  const { body, ended } = lines(async ({ begin, rows }) => {
    await begin({ columns, route });
    for (;;) await rows([[1]]);
  }, 500);

  expect((await parse(await body)).at(-1)).toEqual({ error: { code: 'result_too_large' } });
  expect(await ended).toBe('broken off');
});
