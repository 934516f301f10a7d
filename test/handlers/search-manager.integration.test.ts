import { STSClient } from '@aws-sdk/client-sts';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { assumeManager } from '../../lambda/handlers/search-manager.ts';
import { ensureAccess } from '../../lambda/stores/opensearch/index.ts';
import { type ScriptedServer, startScriptedServer } from '../stores/opensearch/scripted-server.ts';

const roleArn = 'arn:aws:iam::123456789012:role/manager';
/** AWS's examples, nobody's. */
const own = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY' };

let search: ScriptedServer;
beforeEach(async () => {
  search = await startScriptedServer((_, number) => ({ status: number === 1 ? 404 : 200, body: {} }));
});
afterEach(() => search.close());

/** A client of STS whose answers are said here. */
const stsThat = (answer: { readonly status: number; readonly body: string }): STSClient => {
  const client = new STSClient({ region: 'eu-west-1', credentials: own, maxAttempts: 1 });
  client.middlewareStack.add(
    () => async () =>
      answer.status === 200
        ? { response: {}, output: { $metadata: {}, ...(JSON.parse(answer.body) as object) } }
        : Promise.reject(new Error(answer.body)),
    { step: 'initialize', priority: 'low' },
  );
  return client;
};
const ensure = (client: STSClient) =>
  ensureAccess({
    model: 'm',
    connection: {
      endpoint: search.url,
      auth: 'iam',
      region: 'eu-west-1',
      credentials: assumeManager(client, roleArn),
    },
    grants: [{ access: 'reads', roleArn: 'arn:aws:iam::123456789012:role/query' }],
  });

test('roles are asked for, put and mapped as the role that manages access, and signed by it', async () => {
  const given = { AccessKeyId: 'ASIAMANAGER', SecretAccessKey: own.secretAccessKey, SessionToken: 's' };

  await ensure(stsThat({ status: 200, body: JSON.stringify({ Credentials: given }) }));

  expect(search.requests.slice(0, 4).map(({ method, path }) => `${method} ${path}`)).toEqual([
    'GET /_plugins/_security/api/roles/polystore_m_makes',
    'PUT /_plugins/_security/api/roles/polystore_m_makes',
    'GET /_plugins/_security/api/rolesmapping/polystore_m_makes',
    'PUT /_plugins/_security/api/rolesmapping/polystore_m_makes',
  ]);
  for (const { headers } of search.requests) {
    expect(headers.authorization).toMatch(/Credential=ASIAMANAGER\/\d+\/eu-west-1\/es\//);
    expect(headers['x-amz-security-token']).toBe('s');
  }
  const mapped = search.requests.find(
    ({ method, path }) => method === 'PUT' && path.endsWith('rolesmapping/polystore_m_reads'),
  );
  expect(JSON.parse(mapped?.body ?? '')).toEqual({
    backend_roles: ['arn:aws:iam::123456789012:role/query'],
    hosts: [],
    users: [],
  });
});

test('a role that may not be taken on is named', async () => {
  const refused = ensure(stsThat({ status: 403, body: 'AccessDenied' }));

  await expect(refused).rejects.toMatchObject({ code: 'store_unavailable' });
  expect(search.requests).toEqual([]);
});
