import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type Authenticate, createCallerCheck, parsePrincipals } from '../../lambda/query/principals.ts';

const role = 'arn:aws:iam::000000000000:role/orders';
const session = 'arn:aws:sts::000000000000:assumed-role/orders/i-1';
const principals = parsePrincipals(
  JSON.stringify({
    [role]: { tenant: 'UA' },
    'arn:aws:iam::000000000000:user/ops/ann': { role: 'operator' },
  }),
);
/** As a REST API says whose signature it has verified. */
const signedBy = (userArn: string) => ({ requestContext: { identity: { userArn } } });
const check: Authenticate = createCallerCheck({
  byCredential: async () => ({ kind: 'tenant', tenant: 'by-jwt', subject: 'jwt' }),
  principals,
});

describe('a caller who signs with IAM', () => {
  test('is the tenant that its role is mapped to, whatever its session is called', async () => {
    expect(await check(new Headers(), signedBy(session))).toEqual({
      kind: 'tenant',
      tenant: 'UA',
      subject: session,
    });
  });

  test('is an operator under the name of its user', async () => {
    expect(await check(new Headers(), signedBy('arn:aws:iam::000000000000:user/ops/ann'))).toEqual({
      kind: 'operator',
      subject: 'arn:aws:iam::000000000000:user/ops/ann',
    });
  });

  test.each([
    ['another role', 'arn:aws:sts::000000000000:assumed-role/others/s'],
    ['a role of that name in another account', 'arn:aws:sts::111111111111:assumed-role/orders/s'],
    ['a user with the name of the role', 'arn:aws:iam::000000000000:user/orders'],
    ['a session that is called like the role', 'arn:aws:sts::000000000000:assumed-role/others/orders'],
    ['a federated user', 'arn:aws:sts::000000000000:federated-user/orders'],
    ['the account itself', 'arn:aws:iam::000000000000:root'],
  ])('is refused without a mapping: %s', async (_, arn) => {
    await expect(check(new Headers({ authorization: 'Bearer good' }), signedBy(arn))).rejects.toMatchObject({
      code: 'forbidden',
      message: expect.stringContaining('has no tenant here'),
    });
  });

  test('never gets a tenant but that of its own role', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary-ascii' }), async (name) => {
        const arn = `arn:aws:sts::000000000000:assumed-role/${name}`;

        const caller = await check(new Headers(), signedBy(arn)).catch(() => undefined);

        expect(caller === undefined || /^orders\/[^/]+$/.test(name)).toBe(true);
      }),
    );
  });
});

test.each([
  ['no JSON', '{'],
  ['a list', '[]'],
  ['a session in place of its role', JSON.stringify({ [session]: { tenant: 'UA' } })],
  ['a role with a path', '{"arn:aws:iam::000000000000:role/path/orders":{"tenant":"UA"}}'],
  ['a wildcard', '{"arn:aws:iam::000000000000:role/*":{"tenant":"UA"}}'],
  ['an empty tenant', JSON.stringify({ [role]: { tenant: '' } })],
  ['a tenant and a role', JSON.stringify({ [role]: { tenant: 'UA', role: 'operator' } })],
  ['another role', JSON.stringify({ [role]: { role: 'admin' } })],
])('a mapping with %s is refused', (_, text) => {
  expect(() => parsePrincipals(text)).toThrow(/The IAM principals are wrong/);
});

test.each([
  ['a route for JWTs', { requestContext: { identity: { userArn: null, sourceIp: '192.0.2.1' } } }],
  ['an HTTP API', { requestContext: { http: { method: 'POST' }, apiId: 'a' } }],
  ['a server of Node', { incoming: {}, outgoing: {} }],
  ['nothing', undefined],
])('behind %s the JWT says who asks', async (_, env) => {
  expect(await check(new Headers(), env)).toMatchObject({ tenant: 'by-jwt' });
});
