import { describe, expect, test } from '@jest/globals';
import {
  readAurora,
  readClock,
  readDynamodb,
  readGeneration,
  readKeyspaces,
  readLogConnection,
  readOpensearch,
  readRedis,
  readTokenSecret,
  readTopicSettings,
} from '../../lambda/handlers/settings.ts';

const aurora = {
  POLYSTORE_AURORA_WRITER: '127.0.0.1:5432',
  POLYSTORE_AURORA_DATABASE: 'polystore',
  POLYSTORE_AURORA_USER: 'sync',
};

const keyspaces = { POLYSTORE_KEYSPACES: 'keyspaces.test:9142', POLYSTORE_KEYSPACES_NAME: 'flights' };
const search = { POLYSTORE_OPENSEARCH: 'https://search.test', AWS_REGION: 'eu-west-1' };

describe('the environment of a function', () => {
  test('names every variable that is missing or malformed at once', () => {
    expect(() => readAurora({ POLYSTORE_AURORA_WRITER: 'nowhere', POLYSTORE_AURORA_USER: '' })).toThrow(
      /AURORA_WRITER takes host:port; .*AURORA_DATABASE is not set; .*AURORA_USER is not set/,
    );
  });

  test('gives brokers as a list, by IAM unless it says otherwise', () => {
    const env = { POLYSTORE_LOG_BROKERS: 'b-1.msk:9098,b-2.msk:9098', AWS_REGION: 'eu-west-1' };

    expect(readLogConnection(env, 'capture')).toEqual({
      brokers: ['b-1.msk:9098', 'b-2.msk:9098'],
      auth: 'iam',
      region: 'eu-west-1',
      clientId: 'capture',
    });
  });

  test.each([
    [
      'the log without IAM',
      () => readLogConnection({ POLYSTORE_LOG_BROKERS: 'msk:9092', POLYSTORE_LOG_AUTH: 'none' }, 'x'),
    ],
    ['the cache without TLS', () => readRedis({ POLYSTORE_REDIS: 'cache:6379', POLYSTORE_REDIS_TLS: 'off' })],
    [
      'Aurora without TLS',
      () => readAurora({ ...aurora, POLYSTORE_AURORA_WRITER: 'db:5432', POLYSTORE_AURORA_TLS: 'disable' }),
    ],
    [
      'OpenSearch without TLS',
      () => readOpensearch({ ...search, POLYSTORE_OPENSEARCH: 'http://search:9200' }),
    ],
    ['Keyspaces unsigned', () => readKeyspaces({ ...keyspaces, POLYSTORE_KEYSPACES_AUTH: 'none' })],
    ['OpenSearch unsigned', () => readOpensearch({ ...search, POLYSTORE_OPENSEARCH_AUTH: 'none' })],
    ['Aurora without a password', () => readAurora({ ...aurora, POLYSTORE_AURORA_WRITER: 'db:5432' })],
  ])('refuses %s anywhere but on loopback', (_name, read) => {
    expect(read).toThrow(/loopback/);
  });

  test('signs in to Keyspaces unless it says otherwise', () => {
    const here = { ...keyspaces, POLYSTORE_KEYSPACES: '127.0.0.1:9042', POLYSTORE_KEYSPACES_AUTH: 'none' };

    expect(readKeyspaces({ ...keyspaces, AWS_REGION: 'eu-west-1' })).toEqual({
      host: 'keyspaces.test',
      port: 9142,
      auth: 'iam',
      region: 'eu-west-1',
      keyspace: 'flights',
    });
    expect(readKeyspaces(here)).toMatchObject({ host: '127.0.0.1', auth: 'none' });
  });

  test('signs what goes to OpenSearch unless it says otherwise', () => {
    expect(readOpensearch(search)).toEqual({
      endpoint: 'https://search.test',
      auth: 'iam',
      region: 'eu-west-1',
    });
    expect(() => readOpensearch({ ...search, POLYSTORE_OPENSEARCH: 'search.test:443' })).toThrow(
      /takes an http or https URL/,
    );
  });

  test('takes all of them without on loopback', () => {
    expect(
      readOpensearch({
        ...search,
        POLYSTORE_OPENSEARCH: 'http://127.0.0.1:9200',
        POLYSTORE_OPENSEARCH_AUTH: 'none',
      }).auth,
    ).toBe('none');
    expect(readRedis({ POLYSTORE_REDIS: 'localhost:6379', POLYSTORE_REDIS_TLS: 'off' }).tls).toBe(false);
    expect(readAurora({ ...aurora, POLYSTORE_AURORA_TLS: 'disable' })).toMatchObject({
      tls: false,
      secretArn: undefined,
    });
  });

  test('wants a replica for each workload or none', () => {
    const one = { host: 'localhost', port: 1 };

    expect(readAurora({ ...aurora, POLYSTORE_AURORA_TLS: 'disable' }).replicas).toBeUndefined();
    expect(
      readAurora({
        ...aurora,
        POLYSTORE_AURORA_TLS: 'disable',
        POLYSTORE_AURORA_REPLICA_DASHBOARD: 'localhost:1',
        POLYSTORE_AURORA_REPLICA_ANALYTICS: 'localhost:1',
        POLYSTORE_AURORA_REPLICA_REPORTING: 'localhost:2',
      }).replicas,
    ).toEqual({ dashboard: one, analytics: one, reporting: { host: 'localhost', port: 2 } });
    expect(() => readAurora({ ...aurora, POLYSTORE_AURORA_REPLICA_REPORTING: 'localhost:2' })).toThrow(
      /REPLICA_DASHBOARD, POLYSTORE_AURORA_REPLICA_ANALYTICS is not set/,
    );
  });

  test.each(['-1', '128', '1.5', 'x', ''])('refuses the generation %j', (value) => {
    expect(() => readGeneration({ POLYSTORE_GENERATION: value })).toThrow(/POLYSTORE_GENERATION/);
  });

  test.each(['0', '99', '127'])('takes the generation %s', (value) => {
    expect(readGeneration({ POLYSTORE_GENERATION: value })).toBe(Number(value));
  });

  test('replicates topics three times unless it says otherwise', () => {
    expect(readTopicSettings({})).toEqual({
      replication: 3,
      localRetentionHours: undefined,
      partitions: {},
    });
    expect(
      readTopicSettings({
        POLYSTORE_LOG_REPLICATION: '1',
        POLYSTORE_LOG_LOCAL_RETENTION_HOURS: '12',
        POLYSTORE_LOG_PARTITIONS: 'flight_event=48,weather=2',
      }),
    ).toEqual({ replication: 1, localRetentionHours: 12, partitions: { flight_event: 48, weather: 2 } });
  });

  test.each(['48', 'flight_event', 'flight_event=', 'flight_event=4 8'])(
    'refuses the partitions %j',
    (value) => {
      expect(() => readTopicSettings({ POLYSTORE_LOG_PARTITIONS: value })).toThrow(
        /POLYSTORE_LOG_PARTITIONS/,
      );
    },
  );

  test('uses the region’s own DynamoDB unless it names an endpoint', () => {
    expect(readDynamodb({ AWS_REGION: 'eu-west-1' })).toEqual({ region: 'eu-west-1' });
  });

  test('stops the clock where it says so', () => {
    const clock = readClock({ POLYSTORE_FIXED_CLOCK: '1357034400000' });

    expect([clock(), clock()]).toEqual([1_357_034_400_000, 1_357_034_400_000]);
  });

  test('takes a development secret, but not on Lambda', async () => {
    const env = { POLYSTORE_TOKEN_SECRET: 'dev:abc' };
    const never = async (): Promise<string> => 'unread';

    expect(Buffer.from(await readTokenSecret(env, never)()).toString()).toBe('abc');
    expect(() => readTokenSecret({ ...env, AWS_LAMBDA_RUNTIME_API: 'x' }, never)).toThrow(/development/);
  });

  test('reads the secret of an ARN', async () => {
    const readSecret = readTokenSecret(
      { POLYSTORE_TOKEN_SECRET: 'arn:x' },
      async (arn) => `secret of ${arn}`,
    );

    expect(Buffer.from(await readSecret()).toString()).toBe('secret of arn:x');
  });
});
