import assert from 'node:assert/strict';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { compile } from '../../lambda/model/index.ts';
import { connectorName, renderConnector } from '../../lambda/stores/kafka/index.ts';
import { putConnector } from '../../local/engines/index.ts';
import model from '../../model/flights.ts';
import { openAccount } from './account.ts';
import { runApiCases } from './api-cases.ts';
import type { Cases } from './cases.ts';
import { createKeyspace, readKeyspace } from './cassandra-tables.ts';
import { createCdk } from './cdk.ts';
import { runChangeCases } from './change-cases.ts';
import { openApi } from './deployed-api.ts';
import { account as accountId, region } from './emulator.ts';
import { startPollers } from './pollers.ts';
import type { World } from './world.ts';

/** Deploys, lets the API's cases run on what was deployed, deploys a change, and destroys. */
export async function runDeployment(options: {
  readonly root: string;
  readonly world: World;
  readonly cases: Cases;
  readonly signal: AbortSignal;
}): Promise<void> {
  const { root, world, cases, signal } = options;
  const { emulator, engines, issuer, folder } = world;
  const { environment } = emulator;
  const catalog = compile(model);
  const assembly = join(folder, 'cdk.out');
  const outputs = join(folder, 'outputs.json');
  const cdk = createCdk({ root, environment, logFile: join(folder, 'cdk.log'), signal });
  const account = openAccount({
    endpoint: emulator.url,
    region,
    credentials: { accessKeyId: accountId, secretAccessKey: 'emulator' },
  });
  /** Of this project, or of a copy that somebody has changed. */
  const synthesise = (more: Readonly<Record<string, string>>, cwd = root): Promise<string> => {
    const flags = Object.entries({ ...contextOf(world), ...more }).flatMap(([name, value]) => [
      '-c',
      `${name}=${value}`,
    ]);
    return cdk.run(['synth', '--quiet', '--output', assembly, ...flags], { cwd });
  };
  const deploy = (...which: readonly string[]): Promise<string> =>
    cdk.run([
      ...['deploy', ...which, '--concurrency', '4', '--require-approval', 'never'],
      ...['--app', assembly, '--outputs-file', outputs],
    ]);

  try {
    const bootstrapped = cases.require('bootstraps the account', async () => {
      // Elsewhere: in the project it would synthesise first.
      const elsewhere = join(folder, 'elsewhere');
      mkdirSync(elsewhere);
      await cdk.run(['bootstrap', `aws://${accountId}/${region}`], { cwd: elsewhere });
    });
    await Promise.all([
      bootstrapped,
      cases.require('synthesises dev, with what context says of this machine', () => synthesise({})),
      engines.ready(),
    ]);
    const wideColumn = stacksOf(assembly).find((name) => name.endsWith('-WideColumn'));
    if (wideColumn !== undefined)
      await cases.require('makes in Cassandra what the template makes in Keyspaces', () =>
        createKeyspace(
          engines.endpoints.cassandra,
          readKeyspace(readFileSync(join(assembly, `${wideColumn}.template.json`), 'utf8')),
        ),
      );
    await cases.require('deploys every stack', async () => {
      await deploy('--all');
      assert.deepEqual((await account.stacks()).toSorted(), ['CDKToolkit', ...stacksOf(assembly)].toSorted());
    });
    await cases.check('holds roles to their policies', async () => {
      const publisher = await account.as(
        `arn:aws:iam::${accountId}:role/cdk-hnb659fds-file-publishing-role-${accountId}-${region}`,
      );
      await assert.rejects(publisher.tables(), { name: 'AccessDeniedException' });
      publisher.close();
    });
    await cases.check('shows no difference then', async () => {
      await cdk.run(['diff', '--fail', '--app', assembly]);
    });

    const url = outputOf(outputs, 'Flights-Dev-Api', 'Url');
    const apiOf = async (claims: Readonly<Record<string, string>> | undefined) =>
      openApi({
        url,
        emulator: emulator.url,
        credential: claims === undefined ? undefined : await issuer.issue(claims),
      });
    const apis = {
      operator: await apiOf({ role: 'operator', sub: 'deploy-test' }),
      united: await apiOf({ tenant: 'UA' }),
      jetBlue: await apiOf({ tenant: 'B6' }),
      nobody: await apiOf(undefined),
      claimless: await apiOf({}),
    };
    const pollers = await startPollers({
      ...{ catalog, account },
      functionsStack: 'Flights-Dev-Functions',
      brokers: engines.endpoints.kafka.brokers,
    });
    try {
      await cases.require('captures Aurora by Debezium, as the master user that the stack names', () =>
        startDebezium(engines.endpoints),
      );
      await runApiCases({ cases, apis, signal });
      await cases.require('deploys a change of the functions, in place', async () => {
        const before = await account.resources('Flights-Dev-Table', 'AWS::DynamoDB::GlobalTable');
        await synthesise({ POLYSTORE_GENERATION: '1' });
        await deploy('Flights-Dev-Functions', '--exclusively');
        assert.deepEqual(await account.resources('Flights-Dev-Table', 'AWS::DynamoDB::GlobalTable'), before);
      });
      await cases.check('holds what was written before the change', async () => {
        const { rows } = await apis.united.query('select status from flight where flight_number = 1000');
        assert.deepEqual(rows, [{ status: 'arrived' }]);
      });
      await runChangeCases({ ...{ root, folder, assembly, cases, cdk, account, deploy, synthesise }, apis });
    } finally {
      await pollers.stop();
    }
    assert.deepEqual(pollers.failures, []);
    await cases.require('destroys every stack', () =>
      cdk.run(['destroy', '--all', '--concurrency', '4', '--force', '--app', assembly]),
    );
    await cases.check('leaves no stack, function or table', async () => {
      assert.deepEqual(
        {
          stacks: await account.stacks(),
          functions: await account.functions(),
          tables: await account.tables(),
        },
        { stacks: ['CDKToolkit'], functions: [], tables: [] },
      );
    });
  } finally {
    account.close();
  }
}

/** What only context knows of this deployment: that all is on loopback, and who issues credentials. */
function contextOf({ engines, issuer }: World): Readonly<Record<string, string>> {
  const { postgresReplicas, cassandra, opensearch } = engines.endpoints;
  // On Aurora the readers have the writer's port; here one serves every workload.
  const reader = `${postgresReplicas.dashboard.host}:${postgresReplicas.dashboard.port}`;
  return {
    env: 'dev',
    destroy: 'dev',
    POLYSTORE_AURORA_TLS: 'disable',
    POLYSTORE_AURORA_REPLICA_DASHBOARD: reader,
    POLYSTORE_AURORA_REPLICA_ANALYTICS: reader,
    POLYSTORE_AURORA_REPLICA_REPORTING: reader,
    POLYSTORE_REDIS_TLS: 'off',
    POLYSTORE_LOG_AUTH: 'none',
    // One broker.
    POLYSTORE_LOG_REPLICATION: '1',
    POLYSTORE_KEYSPACES: `${cassandra.host}:${cassandra.port}`,
    POLYSTORE_KEYSPACES_AUTH: 'none',
    POLYSTORE_OPENSEARCH: opensearch.url,
    POLYSTORE_OPENSEARCH_AUTH: 'none',
    POLYSTORE_JWT_ISSUER: issuer.issuer,
    POLYSTORE_JWT_AUDIENCE: issuer.audience,
    POLYSTORE_JWKS_URL: issuer.keysUrl,
  };
}

/** The names of the stacks in a cloud assembly. */
function stacksOf(assembly: string): readonly string[] {
  // The CDK's own form, of which this is a part.
  const { artifacts } = JSON.parse(readFileSync(join(assembly, 'manifest.json'), 'utf8')) as {
    readonly artifacts: Readonly<Record<string, { readonly type: string }>>;
  };
  const names = Object.keys(artifacts).filter((name) => artifacts[name]?.type === 'aws:cloudformation:stack');
  assert.ok(names.length > 0, `${assembly} has no stack`);
  return names;
}

function outputOf(file: string, stack: string, name: string): string {
  // The CDK's own form: stack → output → value.
  const outputs = JSON.parse(readFileSync(file, 'utf8')) as Record<string, Record<string, string>>;
  const value = outputs[stack]?.[name];
  assert.ok(value, `${stack} has no output ${name}`);
  return value;
}

async function startDebezium(endpoints: World['engines']['endpoints']): Promise<void> {
  const catalog = compile(model);
  const { host, port, database } = endpoints.postgresWriter;
  const config = renderConnector(catalog, {
    ...{ host, port, database, user: 'polystore', password: undefined },
    tls: 'disable',
    generation: 0,
  });
  assert.ok(config, 'the model has entities in Aurora');
  await putConnector(endpoints.connect, connectorName(catalog, 0), config);
}
