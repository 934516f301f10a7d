import { beforeAll, describe, expect, test } from '@jest/globals';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { createQueryApp } from '../../lambda/query/app.ts';
import { createAuthenticator } from '../../lambda/query/authenticate.ts';
import type { SqlResult } from '../../lambda/stores/store.ts';
import { createHarness, flight, sqlResult } from './harness.ts';

const issuer = 'https://issuer.test';
const audience = 'polystore';
interface Keys {
  readonly sign: (
    claims: Record<string, unknown>,
    more?: { alg?: string; issuer?: string; audience?: string; expires?: string },
  ) => Promise<string>;
  readonly document: string;
  readonly publicPem: Uint8Array;
}
let keys: Keys;
beforeAll(async () => {
  const pair = await generateKeyPair('ES256');
  const stranger = await generateKeyPair('ES256');
  const jwk = await exportJWK(pair.publicKey);
  keys = {
    document: JSON.stringify({ keys: [{ ...jwk, alg: 'ES256', use: 'sig' }] }),
    publicPem: new TextEncoder().encode(JSON.stringify(jwk).padEnd(32)),
    sign: (claims, more = {}) => {
      const jwt = new SignJWT(claims)
        .setProtectedHeader({ alg: more.alg ?? 'ES256' })
        .setIssuer(more.issuer ?? issuer)
        .setAudience(more.audience ?? audience);
      if (more.expires !== 'never') jwt.setExpirationTime(more.expires ?? '5m');
      return jwt.sign(
        more.alg === 'HS256'
          ? keys.publicPem
          : more.alg === undefined
            ? pair.privateKey
            : stranger.privateKey,
      );
    },
  };
});

function createApp(clock: () => number = Date.now, sqlAnswers: SqlResult[] = []) {
  const harness = createHarness(sqlAnswers);
  const lines: { level: string; message: string; fields: Readonly<Record<string, unknown>> }[] = [];
  const note = (level: string) => (message: string, fields: Readonly<Record<string, unknown>>) => {
    lines.push({ level, message, fields });
  };
  const app = createQueryApp({
    engine: harness.engine,
    authenticate: createAuthenticator({ issuer, audience, keys: { document: keys.document }, clock }),
    log: { info: note('info'), warn: note('warn'), error: note('error') },
    newRequestId: () => 'made-here',
  });
  const post = async (
    path: string,
    body: unknown,
    token: string | undefined,
    headers: Record<string, string> = {},
  ) => {
    const response = await app.request(path, {
      method: 'POST',
      body: typeof body === 'string' ? body : JSON.stringify(body),
      headers: { ...headers, ...(token !== undefined && { authorization: `Bearer ${token}` }) },
    });
    return {
      status: response.status,
      body: (await response.json()) as Record<string, unknown> & { error: { code: string; message: string } },
      headers: response.headers,
    };
  };
  return { ...harness, app, lines, post };
}

const one = { sql: 'select * from flight where flight_number = 1545' };

test('a query with a tenant’s credential answers its rows', async () => {
  const { post, seed } = createApp();
  await seed(flight());

  const { status, body } = await post('/query', one, await keys.sign({ tenant: 'UA' }));

  expect(status).toBe(200);
  expect(body).toMatchObject({ rowCount: 1, token: null, route: { engine: 'dynamodb' } });
});

describe('a credential is refused', () => {
  const cases: readonly (readonly [string, () => Promise<string | undefined>, number])[] = [
    ['when it is absent', async () => undefined, 401],
    ['when it is no JWT', async () => 'x.y.z', 401],
    [
      'when another key signed it',
      () => keys.sign({ tenant: 'UA' }, { alg: 'ES384' }).catch(() => 'a.b.c'),
      401,
    ],
    [
      'when it is signed with the public key as a shared secret',
      () => keys.sign({ tenant: 'UA' }, { alg: 'HS256' }),
      401,
    ],
    [
      'when it is not signed',
      async () =>
        `${Buffer.from('{"alg":"none"}').toString('base64url')}.${Buffer.from(JSON.stringify({ tenant: 'UA', iss: issuer, aud: audience, exp: 9e9 })).toString('base64url')}.`,
      401,
    ],
    ['when it has expired', () => keys.sign({ tenant: 'UA' }, { expires: '-1m' }), 401],
    ['when it never expires', () => keys.sign({ tenant: 'UA' }, { expires: 'never' }), 401],
    ['when another issuer made it', () => keys.sign({ tenant: 'UA' }, { issuer: 'https://other.test' }), 401],
    ['when it is for another audience', () => keys.sign({ tenant: 'UA' }, { audience: 'other' }), 401],
    ['when it names no tenant', () => keys.sign({}), 403],
    ['when its tenant is no text', () => keys.sign({ tenant: ['UA'] }), 403],
    ['when its tenant is empty', () => keys.sign({ tenant: '' }), 403],
    [
      'when it names a tenant and the operator',
      () => keys.sign({ tenant: 'UA', role: 'operator', sub: 'x' }),
      403,
    ],
    ['when its role is unknown', () => keys.sign({ tenant: 'UA', role: 'admin' }), 403],
    ['when its operator has no name', () => keys.sign({ role: 'operator' }), 403],
  ];

  test.each(cases)('%s', async (_, credential, expected) => {
    const { post } = createApp();

    const { status, body } = await post('/query', one, await credential());

    expect([status, body.error.code]).toEqual([expected, expected === 401 ? 'unauthenticated' : 'forbidden']);
  });
});

test('a credential that was taken once is refused when it has ended', async () => {
  let nowMs = Date.now();
  const { post } = createApp(() => nowMs);
  const credential = await keys.sign({ tenant: 'UA' }, { expires: '30s' });
  const statuses: number[] = [];

  for (const passMs of [0, 20_000, 20_000]) {
    nowMs += passMs;
    statuses.push((await post('/query', one, credential)).status);
  }

  expect(statuses).toEqual([200, 200, 401]);
});

test('what an operator asks is on record before it is answered', async () => {
  const { post, lines } = createApp();

  await post('/query', { sql: 'selec' }, await keys.sign({ role: 'operator', sub: 'olga' }), {
    'x-request-id': 'r-1',
  });

  expect(lines[0]).toMatchObject({
    level: 'info',
    fields: { audit: true, subject: 'olga', sql: 'selec', requestId: 'r-1' },
  });
});

test('a body names every problem at once', async () => {
  const { post } = createApp();

  const { status, body } = await post(
    '/query',
    { sql: 1, params: {}, limits: { maxRows: 0, timeoutMs: 30_000, other: 1 }, colour: 'red' },
    await keys.sign({ tenant: 'UA' }),
  );

  expect([status, body.error.code]).toEqual([400, 'invalid_request']);
  for (const name of ['sql', 'params', 'maxRows', 'timeoutMs', 'other', 'colour'])
    expect(body.error.message).toContain(name);
});

test.each([
  ['{', 400, 'invalid_request'],
  [`{"sql":"select $1","params":[${'['.repeat(200_000)}${']'.repeat(200_000)}]}`, 400, 'invalid_request'],
  ['{"sql":"select $1::int8","params":[9007199254740993]}', 400, 'invalid_request'],
  ['{"sql":"select $1::jsonb","params":[{"a":[-9007199254740993]}]}', 400, 'invalid_request'],
  [{ sql: 'select 1', freshness: 5 }, 422, 'not_supported'],
  [{ sql: 'select 1', freshness: '0' }, 422, 'not_supported'],
  [{ sql: 'select 1', token: 'x' }, 400, 'invalid_token'],
  [{ sql: 'select 1', token: 5 }, 400, 'invalid_request'],
  [{ sql: 'select 1', workload: 'writer' }, 400, 'invalid_request'],
  [{ sql: 'select nope from flight' }, 400, 'unknown_column'],
  [{ sql: `select '${'x'.repeat(100_000)}'` }, 413, 'payload_too_large'],
  [{ sql: 'select $1', params: ['x'.repeat(1_100_000)] }, 413, 'payload_too_large'],
])('%.60j is answered with its status and code', async (sent, status, code) => {
  const { post } = createApp();

  const answer = await post('/query', sent, await keys.sign({ tenant: 'UA' }));

  expect([answer.status, answer.body.error.code]).toEqual([status, code]);
});

test('a defect is told by its code, and only our log has the rest', async () => {
  const { post, dynamodb, lines } = createApp();
  dynamodb.read = async () => {
    throw new TypeError('secret of another tenant');
  };

  const { status, body, headers } = await post('/query', one, await keys.sign({ tenant: 'UA' }), {
    'x-request-id': 'bad id\u00e9',
  });

  expect([status, body.error.code]).toEqual([500, 'internal']);
  expect(JSON.stringify(body)).not.toContain('secret');
  expect(headers.get('x-request-id')).toBe('made-here');
  expect(lines.at(-1)).toMatchObject({
    level: 'error',
    fields: { reason: 'secret of another tenant', requestId: 'made-here' },
  });
});

test('an answer that Lambda would drop is refused by name, one just below is given', async () => {
  const sizes = [[2_000_000], [6_280_000], [6_290_000], [3_100_000, '"']] as const;
  const results = sizes.map(([length, letter = 'x']) => sqlResult(['text'], [[letter.repeat(length)]]));
  const { post } = createApp(Date.now, [...results]);
  const credential = await keys.sign({ tenant: 'UA' });
  const answers: [number, string | undefined][] = [];

  for (const _ of sizes) {
    const { status, body } = await post('/query', { sql: 'select 1' }, credential);
    answers.push([status, body.error?.code]);
  }

  expect(answers).toEqual([
    [200, undefined],
    [200, undefined],
    [422, 'result_too_large'],
    // A quote is \" in the body and \\\" in Lambda's answer.
    [422, 'result_too_large'],
  ]);
});

test('health is 200 only when every store answers', async () => {
  const { app, redis } = createApp();

  const before = await app.request('/health');
  await redis.close();
  const after = await app.request('/health');

  expect([before.status, after.status]).toEqual([200, 503]);
  expect(await after.json()).toEqual({
    healthy: false,
    stores: { aurora: 'ok', dynamodb: 'ok', redis: 'unavailable' },
  });
});

test('explain answers the plan and runs nothing', async () => {
  const { post, aurora } = createApp();

  const { body } = await post(
    '/explain',
    { sql: 'select count(*) from flight' },
    await keys.sign({ tenant: 'UA' }),
  );

  expect(body).toMatchObject({
    class: 'analytic',
    chosen: { placement: 'aurora.analytics', qualifies: true },
  });
  expect(aurora.asked).toEqual([]);
});

test('another path is told what there is', async () => {
  const { app } = createApp();

  expect((await app.request('/nope')).status).toBe(404);
});

test('a transaction is answered by statement, names the one that fails, and an operator’s is audited whole', async () => {
  const { post, lines } = createApp();
  const insert = {
    sql: "insert into flight (carrier, flight_number, scheduled_at, origin, destination, distance_miles, status) values ('UA', $1, '2013-01-01T10:15:00Z', 'EWR', 'IAH', 1400, 'scheduled')",
    params: [1],
  };
  const statements = [insert, { ...insert, params: [2] }];
  const credential = await keys.sign({ role: 'operator', sub: 'olga' });

  const done = await post('/query', { statements }, credential);
  const again = await post('/query', { statements: [{ ...insert, params: [3] }, insert] }, credential);
  const explained = await post('/explain', { statements }, credential);

  expect([done.status, done.body]).toMatchObject([
    200,
    { results: [{ rowCount: 1 }, { rowCount: 1 }], isolation: 'serializable', token: expect.any(String) },
  ]);
  expect([again.status, again.body.error]).toMatchObject([
    409,
    { code: 'conflict', retryable: false, details: { statement: 2 } },
  ]);
  expect(explained.body).toMatchObject({ statements: [{ class: 'write' }, { class: 'write' }] });
  expect(lines.filter(({ fields }) => fields.audit === true)[0]?.fields.sql).toEqual([
    insert.sql,
    insert.sql,
  ]);
});
