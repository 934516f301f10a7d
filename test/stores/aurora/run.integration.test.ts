import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createVersion } from '../../../lambda/change/version.ts';
import type { Caller, SqlRequest, SqlResult, SqlStore } from '../../../lambda/stores/store.ts';
import { sharedEngines } from '../../engines.ts';
import { createDatabase, type TestDatabase } from '../aurora-database.ts';
import { contractCatalog, itemOf, itemRow, keyOfRow, placementOf, upsert } from '../contract-model.ts';

const catalog = contractCatalog('run');
const operator: Caller = { kind: 'operator', subject: 'test' };

describe('statements in Aurora', () => {
  let database: TestDatabase;
  let store: SqlStore;
  beforeAll(async () => {
    database = await createDatabase(catalog, Date.now);
    store = database.open({ clock: Date.now, replicas: true });
  });
  afterAll(async () => {
    await store.close();
    await database.drop();
  });
  const request: SqlRequest = {
    text: '',
    params: [],
    caller: operator,
    access: 'read',
    node: 'dashboard',
    timeoutMs: 10_000,
    maxRows: 100,
    notBefore: undefined,
    notBeforeVersions: [],
  };
  const run = (text: string, options: Partial<SqlRequest> = {}) =>
    store.run({ ...request, text, ...options });
  const insertPlace = (place: string) =>
    run('insert into place values ($1, $1, 1)', { params: [place], access: 'write' });

  test('a read goes to the replica, and to the writer when it is asked for', async () => {
    const standby = 'select pg_is_in_recovery()';

    expect((await run(standby)).rows).toEqual([[true]]);
    expect((await run(standby, { node: 'writer' })).rows).toEqual([[false]]);
    await expect(run('delete from place', { node: 'writer' })).rejects.toMatchObject({
      code: 'not_supported',
    });
  });

  /** Takes a stream; `rows` is told how many were given before. */
  const stream = (
    text: string,
    {
      rows = async () => {},
      signal = new AbortController().signal,
      ...options
    }: Partial<
      Omit<SqlRequest, 'access'> & { rows: (given: number) => Promise<void>; signal: AbortSignal }
    > = {},
  ) => {
    const taken: SqlResult['rows'][number][] = [];
    const begun: SqlResult['columns'][] = [];
    const { access: _, ...read } = request;
    const ended = store.stream(
      { ...read, text, ...options },
      {
        begin: async (columns) => void begun.push(columns),
        rows: async (some) => {
          taken.push(...some);
          await rows(taken.length);
        },
        signal,
      },
    );
    return { taken, begun, ended };
  };
  /** What runs on the writer with this mark in its text. */
  const running = async (mark: string): Promise<unknown> => {
    const [row] = await database.query(
      `select count(*)::int as n from pg_stat_activity where query like '%${mark}%' and pid <> pg_backend_pid()`,
    );
    return row?.n;
  };

  test.each([0, 1, 63, 64, 65, 1_000, 5_000])(
    '%d rows are given to a sink as they are read',
    async (count) => {
      const text = `select i, i + 9007199254740993 as b from generate_series(1, ${count}) i`;

      const { taken, begun, ended } = stream(text, { maxRows: 5_000 });

      expect(await ended).toBe(count);
      expect(begun).toEqual([
        [
          { name: 'i', type: 'integer' },
          { name: 'b', type: 'bigint' },
        ],
      ]);
      expect(taken).toEqual((await run(text, { maxRows: 5_000 })).rows);
    },
  );

  test('a stream of more rows than allowed gives those and ends with the error', async () => {
    const { taken, ended } = stream('select generate_series(1, 1000000000)', { maxRows: 200 });

    await expect(ended).rejects.toMatchObject({ code: 'result_too_large' });
    expect(taken.length).toBeLessThanOrEqual(200);
  });

  test('what fails after rows were given fails then, and leaves a connection that works', async () => {
    const { taken, ended } = stream('select 1 / (500 - i) from generate_series(1, 1000) i', {
      maxRows: 1_000,
    });

    await expect(ended).rejects.toMatchObject({ code: 'invalid_value' });
    expect(taken.length).toBeGreaterThan(0);
    expect((await run('select 1')).rows).toEqual([[1]]);
  });

  test('a sink that takes nothing more stops the reading, and one that leaves ends the statement', async () => {
    const leaving = new AbortController();
    const full = Promise.withResolvers<void>();
    const { taken, ended } = stream('select generate_series(1, 1000000000) as stalled_stream', {
      node: 'writer',
      maxRows: 1_000_000_000,
      signal: leaving.signal,
      rows: async (given) => {
        if (given < 1_000) return;
        full.resolve();
        await new Promise(() => {});
      },
    });
    await full.promise;
    const held = taken.length;
    // Time in which whoever does not wait for the sink would read on.
    for (let turn = 0; turn < 5; turn += 1) await run('select 1');
    const whileStalled = await running('stalled_stream');

    leaving.abort();

    await expect(ended).rejects.toMatchObject({ code: 'store_unavailable' });
    expect([taken.length, whileStalled]).toEqual([held, 1]);
    while ((await running('stalled_stream')) !== 0) await setTimeout(20);
  });

  test('who leaves while the server still computes ends the statement', async () => {
    const leaving = new AbortController();
    const { taken, ended } = stream(
      'select count(*) as computing_stream from generate_series(1, 1000000000) i',
      {
        node: 'writer',
        timeoutMs: 300_000,
        signal: leaving.signal,
      },
    );
    while ((await running('computing_stream')) !== 1) await setTimeout(20);

    leaving.abort();

    await expect(ended).rejects.toMatchObject({ code: 'store_unavailable' });
    // It would go on for minutes: the test's own time is over before.
    while ((await running('computing_stream')) !== 0) await setTimeout(20);
    expect(taken).toEqual([]);
  });

  test('a read goes to the replica of its workload; one that hangs is given up before its time is over', async () => {
    const { reporting } = sharedEngines().postgresReplicas;
    // It takes connections and says nothing, as a node does that hangs.
    const sockets: Socket[] = [];
    const server = createServer((socket) => sockets.push(socket)).listen(0, '127.0.0.1');
    await once(server, 'listening');
    // An address of TCP has a port.
    const { port } = server.address() as AddressInfo;
    const hung = { host: '127.0.0.1', port };
    const apart = database.open({
      clock: Date.now,
      replicas: { dashboard: hung, analytics: hung, reporting },
    });
    const read = { ...request, text: 'select pg_is_in_recovery()', timeoutMs: 600_000 };

    const refused = apart.run({ ...read, node: 'analytics', beginWithinMs: 50 });

    await expect(refused).rejects.toMatchObject({
      code: 'store_unavailable',
      message: expect.stringContaining('did not begin within 50 ms'),
    });
    expect((await apart.run({ ...read, node: 'reporting' })).rows).toEqual([[true]]);
    expect((await apart.run({ ...read, node: 'dashboard', access: 'write' })).rows).toEqual([[false]]);
    await apart.close();
    for (const socket of sockets) socket.destroy();
    server.close();
  });

  test('a read that names a write’s position sees it on the replica, every time', async () => {
    for (let index = 0; index < 25; index += 1) {
      const { position = 0n } = await insertPlace(`seen ${index}`);

      const { rows } = await run('select rank from place where place = $1', {
        params: [`seen ${index}`],
        notBefore: { position, waitMs: 5_000 },
      });

      expect(rows).toEqual([[1]]);
    }
  });

  test('a position that the replica does not reach is told, and the writer has it', async () => {
    const { position = 0n } = await insertPlace('later');
    const notBefore = { position: position + 2n ** 40n, waitMs: 30 };

    await expect(run('select 1', { notBefore })).rejects.toMatchObject({
      code: 'token_not_met',
      retryable: true,
    });
    expect((await run('select 1 as one', { notBefore, node: 'writer' })).rows).toEqual([[1]]);
  });

  test('a read that names a version of a view’s row waits for it', async () => {
    const entity = itemOf(catalog);
    const placement = placementOf(catalog, 'item.table');
    const row = itemRow({ tenant: 'waited' });
    const need = { placement, key: keyOfRow(entity, row), version: createVersion(0, 9n) };
    const text = "select note from item where tenant = 'waited'";

    await expect(
      run(text, { notBeforeVersions: [need], notBefore: { position: 0n, waitMs: 30 } }),
    ).rejects.toMatchObject({ code: 'token_not_met' });
    const waiting = run(text, { notBeforeVersions: [need], notBefore: { position: 0n, waitMs: 20_000 } });
    await store.apply(placement, [upsert(entity, row, 9)]);

    expect((await waiting).rows).toEqual([['a note']]);
  });

  test('values are canonical, whatever their type', async () => {
    const { columns, rows } = await run(`select
      1::int2 as small, 2 as whole, count(*) as counted, 9007199254740993 as large, 1.50::numeric(9,2) as exact,
      0.1::float8 as ratio, 'NaN'::float8 as nan, true as flag, 'x' as text, 'y'::bpchar as padded,
      '2013-01-01 10:15:00.5+02'::timestamptz as at, '2013-01-01 10:15:00'::timestamp as local, 'infinity'::timestamptz as never,
      '2013-02-28'::date as day, '{"a":[1,null]}'::jsonb as json, '\\x00ff'::bytea as bytes,
      array[1,null,3] as numbers, array[['a,b','c"d'],['','NULL']] as texts, interval '1 day 02:00' as long,
      '00000000-0000-0000-0000-000000000001'::uuid as id, null as nothing`);

    expect(Object.fromEntries(columns.map(({ name }, index) => [name, rows[0]?.[index]]))).toEqual({
      small: 1,
      whole: 2,
      counted: 1,
      large: '9007199254740993',
      exact: '1.50',
      ratio: 0.1,
      nan: 'NaN',
      flag: true,
      text: 'x',
      padded: 'y',
      at: '2013-01-01T08:15:00.500000Z',
      local: '2013-01-01T10:15:00.000000Z',
      never: 'infinity',
      day: '2013-02-28',
      json: { a: [1, null] },
      bytes: '\\x00ff',
      numbers: [1, null, 3],
      texts: [
        ['a,b', 'c"d'],
        ['', 'NULL'],
      ],
      long: '1 day 02:00:00',
      id: '00000000-0000-0000-0000-000000000001',
      nothing: null,
    });
    expect(columns.find(({ name }) => name === 'at')?.type).toBe('timestamp');
    expect(columns.find(({ name }) => name === 'id')?.type).toBe('other');
  });

  test('a bigint column is text, as from every other store, though a number would hold it', async () => {
    const row = itemRow({ tenant: 'bigint', large: '5' });
    await store.apply(placementOf(catalog, 'item.flat'), [upsert(itemOf(catalog), row, 1)]);
    await store.apply(placementOf(catalog, 'item.table'), [upsert(itemOf(catalog), row, 1)]);

    const { rows } = await run(
      "select large, large + 1, max(large) over () from item where tenant = 'bigint'",
      {
        node: 'writer',
      },
    );

    expect(rows).toEqual([['5', 6, 5]]);
  });

  test('text sorts by code point and knows upper and lower case beyond ASCII', async () => {
    const names = ['b', 'B', 'a', 'é', 'É', 'z', '\u{1F600}', '\uFFFD'];
    for (const name of names)
      await run('insert into place values ($1, $1, 77)', { params: [name], access: 'write' });

    const { rows } = await run('select name, upper(name) from place where rank = 77 order by name', {
      node: 'writer',
    });

    expect(rows).toEqual([
      ['B', 'B'],
      ['a', 'A'],
      ['b', 'B'],
      ['z', 'Z'],
      ['É', 'É'],
      ['é', 'É'],
      ['\uFFFD', '\uFFFD'],
      ['\u{1F600}', '\u{1F600}'],
    ]);
  });

  test('more rows than are allowed are refused, and a write with them undone', async () => {
    await expect(run('select generate_series(1, 5)', { maxRows: 4 })).rejects.toMatchObject({
      code: 'result_too_large',
    });
    await expect(
      run("insert into place select 'many ' || n, 'n', n from generate_series(1, 5) n returning place", {
        maxRows: 4,
        access: 'write',
      }),
    ).rejects.toMatchObject({ code: 'result_too_large' });

    expect(
      (await run("select count(*) from place where place like 'many%'", { node: 'writer' })).rows,
    ).toEqual([[0]]);
  });

  test.each([
    ['select pg_sleep(5)', 'deadline_exceeded', { timeoutMs: 50 }],
    ['select 1/0', 'invalid_value', {}],
    ['selekt', 'invalid_sql', {}],
    ['select 1; select 2', 'invalid_sql', {}],
    ['select * from nowhere', 'unknown_entity', {}],
    ['select nothing from place', 'unknown_column', {}],
    ["insert into place values ('twice', 'a', 1), ('twice', 'b', 2)", 'conflict', { access: 'write' }],
    ["insert into place values ('nameless', null, 1)", 'invalid_value', { access: 'write' }],
    [
      "insert into account (tenant, label, number, at, place, state) values ('a', 'b', 1, 'infinity', 'x', 'new')",
      'invalid_value',
      { access: 'write' },
    ],
    [
      "insert into account (tenant, label, number, at, place, state) values ('a', 'b', 1, '2013-01-01', 'x', 'broken')",
      'invalid_value',
      { access: 'write' },
    ],
    [
      "insert into account (tenant, label, number, at, place, state, ratio) values ('a', 'b', 1, '2013-01-01', 'x', 'new', 'NaN')",
      'invalid_value',
      { access: 'write' },
    ],
  ] as const)('%s is %s', async (text, code, options) => {
    await expect(run(text, options)).rejects.toMatchObject({ code });

    expect((await run('select 1 as one')).rows).toEqual([[1]]);
  });

  test('a connection that the server ends is a store that may be asked again', async () => {
    const broken = run('select pg_sleep(20)', { node: 'writer' });
    const end = async (): Promise<void> => {
      const ended = await database.query(
        "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and query = 'select pg_sleep(20)' and pid <> pg_backend_pid()",
      );
      if (ended.length === 0) await end();
    };

    const [outcome] = await Promise.allSettled([broken, end()]);

    expect(outcome).toMatchObject({
      status: 'rejected',
      reason: { code: 'store_unavailable', retryable: true },
    });
    expect((await run('select 1 as one', { node: 'writer' })).rows).toEqual([[1]]);
  });

  test('rows that are written at once in opposite orders do not wait for one another for ever', async () => {
    const entity = itemOf(catalog);
    const rows = Array.from({ length: 200 }, (_, index) =>
      itemRow({ tenant: 'order', number: String(index) }),
    );
    const placement = placementOf(catalog, 'item.flat');

    const results = await Promise.all(
      Array.from({ length: 8 }, (_, index) => {
        const changes = rows.map((row) => upsert(entity, { ...row, count: index }, index + 1));
        return store.apply(placement, index % 2 === 0 ? changes : changes.reverse());
      }),
    );

    expect(results.every(({ rejected }) => rejected.length === 0)).toBe(true);
    const found = await store.read({ kind: 'keys', placement, keys: rows });
    expect(new Set(found.map(({ row }) => row.count))).toEqual(new Set([7]));
  });

  test('a row that PostgreSQL cannot take is rejected alone', async () => {
    const entity = itemOf(catalog);
    const placement = placementOf(catalog, 'item.flat');
    const good = Array.from({ length: 20 }, (_, index) =>
      itemRow({ tenant: 'mixed', number: String(index) }),
    );
    // Beyond what one entry of an index may hold.
    const long = Array.from({ length: 9000 }, (_, index) =>
      String.fromCodePoint(0x4e00 + ((index * 7919) % 20_000)),
    ).join('');
    const bad = upsert(entity, itemRow({ tenant: 'mixed', label: long }), 1);

    const result = await store.apply(placement, [...good.map((row) => upsert(entity, row, 1)), bad]);

    expect(result).toMatchObject({ applied: 20, stale: 0 });
    expect(result.rejected).toEqual([{ change: bad, reason: expect.stringContaining('index row') }]);
  });
});
