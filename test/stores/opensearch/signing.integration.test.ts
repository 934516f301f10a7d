import { createHash, createHmac, type Hash, type Hmac } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { SignatureV4 } from '@smithy/signature-v4';
import { columnOf } from '../../../lambda/model/index.ts';
import { createOpensearchStore } from '../../../lambda/stores/opensearch/index.ts';
import type { AggregateStore } from '../../../lambda/stores/store.ts';
import { contractCatalog, itemOf, itemRow, placementOf, upsert } from '../contract-model.ts';
import { type ReceivedRequest, type ScriptedServer, startScriptedServer } from './scripted-server.ts';

/** What is signed with; AWS's example, nobody's. */
const credentials = {
  accessKeyId: 'AKIDEXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
  sessionToken: 'session/token+=',
};
const variables = {
  AWS_ACCESS_KEY_ID: credentials.accessKeyId,
  AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
  AWS_SESSION_TOKEN: credentials.sessionToken,
};
const before = Object.keys(variables).map((name) => [name, process.env[name]] as const);
beforeAll(() => {
  Object.assign(process.env, variables);
});
afterAll(() => {
  for (const [name, value] of before) {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
});

type Data = string | ArrayBuffer | ArrayBufferView;
const bytesOf = (data: Data): string | Buffer => {
  if (typeof data === 'string') return data;
  if (data instanceof ArrayBuffer) return Buffer.from(data);
  return Buffer.from(data.buffer, data.byteOffset, data.byteLength);
};

/** Node's own SHA-256, in the form that the SDK's signer asks for. */
class Sha256 {
  readonly #secret: Data | undefined;
  #hash: Hash | Hmac;
  constructor(secret?: Data) {
    this.#secret = secret;
    this.#hash = this.#start();
  }
  #start(): Hash | Hmac {
    return this.#secret === undefined ? createHash('sha256') : createHmac('sha256', bytesOf(this.#secret));
  }
  update(data: Data): void {
    this.#hash.update(bytesOf(data));
  }
  async digest(): Promise<Uint8Array> {
    return this.#hash.digest();
  }
  reset(): void {
    this.#hash = this.#start();
  }
}

/** The signature that a request should carry, by the AWS SDK's signer, which is not the one that signed it. */
async function expectedSignature({ method, path, headers, body }: ReceivedRequest): Promise<string> {
  const url = new URL(path, 'http://search.test');
  const signed = /SignedHeaders=([^,]+)/.exec(headers.authorization ?? '')?.[1]?.split(';') ?? [];
  const signer = new SignatureV4({ service: 'es', region: 'eu-west-1', credentials, sha256: Sha256 });
  const request = await signer.sign(
    {
      method,
      protocol: 'http:',
      hostname: '127.0.0.1',
      path: decodeURIComponent(url.pathname),
      query: Object.fromEntries(url.searchParams),
      headers: Object.fromEntries(signed.map((name) => [name, headers[name] ?? ''])),
      body,
    },
    {
      signingDate: new Date((headers['x-amz-date'] ?? '').replace(/^(....)(..)(..T..)(..)/, '$1-$2-$3:$4:')),
      signableHeaders: new Set(signed),
    },
  );
  return signatureOf(request.headers.authorization);
}
const signatureOf = (authorization = ''): string =>
  /Signature=([0-9a-f]{64})/.exec(authorization)?.[1] ?? authorization;

const catalog = contractCatalog('signed');
const found = placementOf(catalog, 'item.found');
const logged = placementOf(catalog, 'item.logged');
const tenant = 'a/b c+ü*~(1)=&%2F';

let server: ScriptedServer;
let store: AggregateStore;
beforeEach(async () => {
  server = await startScriptedServer((lines) => ({
    status: 200,
    body: {
      items: lines.filter((_, at) => at % 2 === 0).map(() => ({ index: { status: 201 } })),
      docs: [],
      hits: { total: { value: 0 }, hits: [] },
      pit_id: 'a+b/c==',
      status: 'green',
    },
  }));
  store = createOpensearchStore({
    endpoint: server.url,
    auth: 'iam',
    region: 'eu-west-1',
    model: catalog.name,
    clock: () => Date.parse('2013-01-01T12:00:00Z'),
  });
});
afterEach(async () => {
  await store.close();
  await server.close();
});

describe('what goes to OpenSearch Service', () => {
  const row = itemRow({ tenant, note: 'Größe 👩‍👩‍👧' });
  const where = [
    { kind: 'compare', column: columnOf(found.entity, 'tenant'), operator: '=', value: tenant },
  ] as const;
  const filter = { kind: 'filter', placement: found, where, match: [], order: [], highlight: [] } as const;

  test.each<[string, () => Promise<unknown>]>([
    ['a bulk', () => store.apply(found, [upsert(itemOf(catalog), row, 1)])],
    [
      'a bulk of a log, whose days are looked after',
      () => store.apply(logged, [upsert(itemOf(catalog), row, 1)]),
    ],
    ['a look-up', () => store.read({ kind: 'keys', placement: logged, keys: [row] })],
    ['a search of one tenant', () => store.read({ ...filter, limit: 10 })],
    ['a search in pages', () => store.read({ ...filter, limit: 10_000 })],
    ['versions', () => store.versions(found, [row])],
    ['its health', () => store.health()],
  ])('is signed as AWS’s own signer would sign it: %s', async (_what, ask) => {
    await ask();

    expect(server.requests.length).toBeGreaterThan(0);
    for (const request of server.requests) {
      expect({ path: request.path, signature: signatureOf(request.headers.authorization) }).toEqual({
        path: request.path,
        signature: await expectedSignature(request),
      });
      expect(request.headers['x-amz-security-token']).toBe(credentials.sessionToken);
    }
  });
});
