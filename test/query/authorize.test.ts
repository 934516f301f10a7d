import { describe, expect, test } from '@jest/globals';
import { PolystoreError } from '../../lambda/errors.ts';
import { createAuthorizer } from '../../lambda/query/authorize.ts';
import type { Caller } from '../../lambda/stores/store.ts';

const ask = (authenticate: (headers: Headers) => Promise<Caller>, authorizationToken = 'Bearer a') =>
  createAuthorizer(authenticate)({
    type: 'TOKEN',
    methodArn: 'arn:aws:execute-api:eu-west-1:000000000000:a1b2c3/v1/POST/query',
    authorizationToken,
  });
const refuse = (code: 'unauthenticated' | 'forbidden' | 'store_unavailable') => async () => {
  throw new PolystoreError(code, 'why');
};

describe('the authorizer of a REST API', () => {
  test('lets a caller in at every method, for the answer is kept by the credential', async () => {
    const answer = await ask(async (headers) => ({
      kind: 'tenant',
      tenant: 'UA',
      subject: headers.get('authorization') ?? 'none',
    }));

    expect(answer).toEqual({
      principalId: 'Bearer a',
      policyDocument: {
        Version: '2012-10-17',
        Statement: [
          {
            Action: 'execute-api:Invoke',
            Effect: 'Allow',
            Resource: 'arn:aws:execute-api:eu-west-1:000000000000:a1b2c3/v1/*',
          },
        ],
      },
    });
  });

  test('says 401 to a credential that is not good, by the one sentence that API Gateway knows', async () => {
    await expect(ask(refuse('unauthenticated'))).rejects.toThrow(/^Unauthorized$/);
  });

  test('says 403 to one that names no tenant', async () => {
    const { policyDocument } = await ask(refuse('forbidden'));

    expect(policyDocument.Statement).toEqual([expect.objectContaining({ Effect: 'Deny' })]);
  });

  test('does not call a caller unknown when it could not look', async () => {
    await expect(ask(refuse('store_unavailable'))).rejects.toMatchObject({ code: 'store_unavailable' });
  });

  test('takes what no header can hold for no credential', async () => {
    await expect(
      ask(async (headers) => {
        if (headers.get('authorization') === null) throw new PolystoreError('unauthenticated', 'none');
        return { kind: 'operator', subject: 'x' };
      }, 'Bearer \u2028'),
    ).rejects.toThrow(/^Unauthorized$/);
  });
});
