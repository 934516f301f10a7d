import { ConditionalCheckFailedException, DynamoDBServiceException } from '@aws-sdk/client-dynamodb';
import { LambdaServiceException } from '@aws-sdk/client-lambda';
import { S3ServiceException } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { errors as opensearch } from '@opensearch-project/opensearch';
import cassandra from 'cassandra-driver';
import { ReplyError } from 'ioredis';
import pg from 'pg';
import { aurora, compile, entity, model, shared, text } from '../../lambda/model/index.ts';
import { createQueryApp } from '../../lambda/query/app.ts';
import type { Combiner } from '../../lambda/query/combine/combiner.ts';
import { createDuckdbCombiner } from '../../lambda/query/combine/duckdb.ts';
import { createCombineServer, createRemoteCombiner } from '../../lambda/query/index.ts';
import { duckdbError, folderError, s3Error } from '../../lambda/stores/archive/errors.ts';
import { auroraError } from '../../lambda/stores/aurora/errors.ts';
import { dynamodbError, invalidItem } from '../../lambda/stores/dynamodb/errors.ts';
import { functionError, invokeError } from '../../lambda/stores/invoke/errors.ts';
import { mapKafkaError } from '../../lambda/stores/kafka/errors.ts';
import { keyspacesError } from '../../lambda/stores/keyspaces/errors.ts';
import { opensearchError } from '../../lambda/stores/opensearch/errors.ts';
import { redisError } from '../../lambda/stores/redis/errors.ts';
import { ua } from './harness.ts';
import { line } from './shop-model.ts';
import { createViewHarness } from './view-harness.ts';

/** What a driver or a service may write into a message. */
const planted =
  'ip-10-1-2-3.eu-west-1.compute.internal:5432 arn:aws:lambda:eu-west-1:210987654321:function:combine row of AA';
const leaks = /10[-.]1[-.]2[-.]3|compute\.internal|5432|arn:aws|210987654321|row of AA/;

const database = (code: string): pg.DatabaseError =>
  Object.assign(new pg.DatabaseError(planted, 1, 'error'), { code });
const aws = { message: planted, $metadata: {} };
const dynamodbFault = (name: string, $fault: 'client' | 'server') =>
  dynamodbError(new DynamoDBServiceException({ ...aws, name, $fault }));
const responded = (statusCode: number) =>
  opensearchError(
    new opensearch.ResponseError({
      ...{ statusCode, headers: {}, warnings: null, meta: {} as never },
      body: { error: { type: 'a_type', reason: planted } },
    }),
  );
const unreachable = Object.assign(new Error(planted), { code: 'ECONNREFUSED' });

/** Errors of every store and of the functions between, as their drivers and services throw them. */
const thrown: Readonly<Record<string, () => unknown>> = {
  'PostgreSQL is unreachable': () => auroraError(unreachable),
  ...Object.fromEntries(
    ['08006', '28000', '53300', '57P01', '25006', 'XX000'].map((state) => [
      `PostgreSQL answers ${state}`,
      () => auroraError(database(state)),
    ]),
  ),
  'PostgreSQL cancels': () => auroraError(database('57014')),
  'DynamoDB is unreachable': () => dynamodbError(unreachable),
  'DynamoDB throttles': () => dynamodbFault('ThrottlingException', 'client'),
  'DynamoDB fails': () => dynamodbFault('InternalServerError', 'server'),
  'DynamoDB denies access': () => dynamodbFault('AccessDeniedException', 'client'),
  'DynamoDB has no table': () => dynamodbFault('ResourceNotFoundException', 'client'),
  'DynamoDB finds an item invalid': () => dynamodbFault('ValidationException', 'client'),
  'DynamoDB finds an item too large': () => invalidItem(`size exceeded ${planted}`, undefined),
  'DynamoDB finds a key invalid': () => invalidItem(`key ${planted}`, undefined),
  'DynamoDB throws what nobody maps': () => new ConditionalCheckFailedException(aws),
  'Redis is unreachable': () => redisError(unreachable),
  'Redis moves slots': () => redisError(new ReplyError(`MOVED 5 ${planted}`)),
  'Redis refuses': () => redisError(new ReplyError(`ERR ${planted}`)),
  'Keyspaces is unreachable': () =>
    keyspacesError(
      new cassandra.errors.NoHostAvailableError({ 'ip-10-1-2-3:9142': new Error(planted) }, planted),
    ),
  'Keyspaces refuses': () => keyspacesError(new cassandra.errors.ResponseError(0x2200, planted)),
  'Keyspaces cannot be written to': () => keyspacesError(new TypeError(planted)),
  'Keyspaces times out': () => keyspacesError(new cassandra.errors.OperationTimedOutError(planted)),
  'OpenSearch is unreachable': () => opensearchError(new opensearch.ConnectionError(planted)),
  ...Object.fromEntries(
    [400, 403, 404, 429, 503].map((status) => [`OpenSearch answers ${status}`, () => responded(status)]),
  ),
  'S3 denies access': () =>
    s3Error(new S3ServiceException({ ...aws, name: 'AccessDenied', $fault: 'client' }), planted),
  'S3 is unreachable': () => s3Error(unreachable, planted),
  'the folder of the archive is gone': () => folderError(unreachable, planted),
  ...Object.fromEntries(
    ['IO Error', 'INTERRUPT Error', 'Out of Memory Error', 'Binder Error'].map((kind) => [
      `DuckDB says ${kind}`,
      () => duckdbError(new Error(`${kind}: ${planted}`), 'reading'),
    ]),
  ),
  'Kafka is unreachable': () => mapKafkaError(unreachable, 'writing'),
  'a function may not be invoked': () =>
    invokeError(
      planted,
      new LambdaServiceException({ ...aws, name: 'AccessDeniedException', $fault: 'client' }),
    ),
  'a function is throttled': () =>
    invokeError(
      planted,
      new LambdaServiceException({ ...aws, name: 'TooManyRequestsException', $fault: 'client' }),
    ),
  'a function fails': () =>
    functionError(planted, JSON.stringify({ errorType: 'Error', errorMessage: planted })),
  'a function is late': () => functionError(planted, `Task timed out ${planted}`),
  'a function answers too much': () => functionError(planted, `Function.ResponseSizeTooLarge ${planted}`),
  'a defect': () => new TypeError(planted),
};

const catalog = compile(
  model('shop', [
    line,
    entity('part', {
      key: ['part'],
      tenant: shared,
      fields: { part: text(), name: text() },
      source: aurora(),
    }),
    entity('tag', {
      key: ['tenant', 'tag'],
      tenant: 'tenant',
      fields: { tenant: text(), tag: text() },
      source: aurora(),
    }),
  ]),
);
const joined =
  "select l.number, t.tag, p.name from line l left join tag t on t.tag = l.part left join part p on p.part = l.part where l.purchase_id = 'p1'";
const insert = { sql: "insert into line (tenant, purchase_id, number) values ('UA', 'p1', 1)" };
const change = { sql: "update tag set tag = 'b' where tag = 'a'" };
/** Every way to ask: one placement, one after another, several combined, in lines, partial, writes and transactions. */
const asked: readonly (readonly [path: string, body: object, accept?: string])[] = [
  ['/query', { sql: "select number from line where purchase_id = 'p1' and number = 1" }],
  ['/query', { sql: "select number from line where purchase_id in ('p1', 'p2')", limits: { partial: true } }],
  ['/query', { sql: 'select count(*) from part' }],
  ['/query', { sql: 'select count(*) from part' }, 'application/x-ndjson'],
  ['/query', { sql: joined }],
  ['/query', { sql: joined }, 'application/x-ndjson'],
  ['/query', { sql: joined, limits: { partial: true } }],
  [
    '/query',
    { sql: "select number from line where purchase_id = 'p1' order by number", limits: { pageSize: 5 } },
  ],
  ['/query', insert],
  ['/query', change],
  ['/query', { statements: [insert, { ...insert, sql: insert.sql.replace('1)', '2)') }] }],
  ['/query', { statements: [change, change] }],
  ['/explain', { sql: joined, limits: { partial: true } }],
];

let combiner: Combiner;
beforeAll(async () => {
  combiner = await createDuckdbCombiner({ memoryMb: 128, threads: 1 });
});
afterAll(async () => combiner.close());

/** An app whose stores all throw this, and whose statements over several are combined as `combined` says. */
function appOf(error: () => unknown, combined: Parameters<typeof createViewHarness>[1]) {
  const harness = createViewHarness(catalog, combined);
  const fail = async (): Promise<never> => {
    throw error();
  };
  const { aurora: sql, dynamodb: items } = harness.stores;
  Object.assign(sql, { run: fail, stream: fail, transact: fail, health: fail });
  Object.assign(items, { read: fail, versions: fail, health: fail });
  Object.assign(items.writer, { transact: fail });
  const logged: object[] = [];
  const log = (_message: string, fields: object) => {
    logged.push(fields);
  };
  const app = createQueryApp({
    ...{ engine: harness.engine, newRequestId: () => 'r1' },
    authenticate: async () => ua,
    log: { info: log, warn: log, error: log },
  });
  return { app, engine: harness.engine, logged };
}

async function everything(app: ReturnType<typeof appOf>['app']): Promise<readonly string[]> {
  const said: string[] = [];
  for (const [path, body, accept = 'application/json'] of asked) {
    const init = { method: 'POST', body: JSON.stringify(body), headers: { accept } };
    const response = await app.request(path, init);
    said.push(JSON.stringify([body, response.status, ...response.headers]) + (await response.text()));
  }
  said.push(await (await app.request('/health')).text());
  return said;
}

describe('callers are told nothing that a driver or a service wrote', () => {
  test.each(Object.entries(thrown))('when %s', async (_, error) => {
    const { app, logged } = appOf(error, combiner);

    const said = await everything(app);

    expect(said.filter((one) => leaks.test(one))).toEqual([]);
    // All but the two that run nothing have failed, or said what is missing.
    const failed = said.filter((one) => /"error":|"missing":\[\{|"unavailable"/.test(one));
    expect(failed).toHaveLength(asked.length);
    // What is our side's fault the log has whole.
    expect(logged.filter((fields) => 'reason' in fields && !leaks.test(JSON.stringify(fields)))).toEqual([]);
  });

  test.each(Object.entries(thrown))('when in the function that combines %s', async (_, error) => {
    const inner = appOf(error, combiner);
    const serve = createCombineServer({ engine: inner.engine, combiner });
    const remote = createRemoteCombiner(async (payload) =>
      JSON.stringify(
        await serve(JSON.parse(payload)).catch((defect: unknown) => {
          throw functionError(planted, JSON.stringify({ errorMessage: String(defect) }));
        }),
      ),
    );

    expect((await everything(appOf(error, remote).app)).filter((one) => leaks.test(one))).toEqual([]);
  });

  test.each(Object.entries(thrown))(
    'when the function that combines cannot be asked: %s',
    async (_, error) => {
      const remote = createRemoteCombiner(async () => {
        throw error();
      });

      expect((await everything(appOf(error, remote).app)).filter((one) => leaks.test(one))).toEqual([]);
    },
  );
});
