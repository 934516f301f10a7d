import assert from 'node:assert/strict';
import { join } from 'node:path';
import type { Account } from './account.ts';
import type { Cases } from './cases.ts';
import { type Cdk, CdkFailure } from './cdk.ts';
import type { DeployedApi } from './deployed-api.ts';
import { copyProject } from './project-copy.ts';
import { withoutRight } from './without-right.ts';

const functionsStack = 'Flights-Dev-Functions';
const tableStack = 'Flights-Dev-Table';
const byDestination =
  "byDestination: { partitionKey: 'CARRIER#{carrier}#DESTINATION#{destination}', sortKey: '{scheduledAt}' },";

/** Changes to what is deployed: one that fails and is undone, a right that is taken away, an index that is made. */
export async function runChangeCases(options: {
  readonly root: string;
  readonly folder: string;
  readonly assembly: string;
  readonly cases: Cases;
  readonly cdk: Cdk;
  readonly account: Account;
  readonly deploy: (...which: readonly string[]) => Promise<string>;
  readonly synthesise: (more: Readonly<Record<string, string>>, cwd?: string) => Promise<string>;
  readonly apis: { readonly united: DeployedApi; readonly operator: DeployedApi };
}): Promise<void> {
  const { root, folder, assembly, cases, cdk, account, deploy, synthesise, apis } = options;
  const stillServes = async (): Promise<void> => {
    const { rows } = await apis.united.query('select status from flight where flight_number = 1000');
    assert.deepEqual(rows, [{ status: 'arrived' }]);
  };

  const showsNoDifference = (): Promise<string> =>
    cdk.run(['diff', functionsStack, '--exclusively', '--fail', '--app', assembly]);

  await cases.check('undoes an update that the database refuses, and says why', async () => {
    const copy = copyProject(root, join(folder, 'lossy'));
    copy.edit('model/flights.ts', '    engines: integer(),\n', '');
    await synthesise({ POLYSTORE_GENERATION: '1' }, copy.folder);
    const refusal = await deploy(functionsStack, '--exclusively').then(
      () => assert.fail('the schema function let a column with values go'),
      (error: unknown) => {
        if (error instanceof CdkFailure) return error.output;
        throw error;
      },
    );
    assert.match(refusal, /source\.aircraft\.engines is not in the model any more/);
    assert.equal(await account.statusOf(functionsStack), 'UPDATE_ROLLBACK_COMPLETE');
  });
  await cases.check('is after that what it was before', async () => {
    await synthesise({ POLYSTORE_GENERATION: '1' });
    await showsNoDifference();
    await stillServes();
    const { rows } = await apis.operator.query("select engines from aircraft where tail_number = 'N14228'");
    assert.deepEqual(rows, [{ engines: 2 }]);
  });

  const functionOf = async (name: string): Promise<string> => {
    const functions = await account.resources(functionsStack, 'AWS::Lambda::Function');
    const found = [...functions].find(([logicalId]) => logicalId.startsWith(`Functions${name}`));
    assert.ok(found, `${functionsStack} has no function ${name}`);
    return found[1];
  };
  const jobs = async () => account.invoke(await functionOf('project'), { command: 'jobs' });
  await cases.check('refuses what a function has no right to, to it alone', async () => {
    assert.equal((await jobs()).kind, 'success');
    const poorer = withoutRight(assembly, {
      ...{ to: join(folder, 'poorer'), stack: functionsStack },
      ...{ policy: /^Functionsproject.*DefaultPolicy/, action: 'dynamodb:Query' },
    });
    await cdk.run([
      ...['deploy', functionsStack, '--exclusively', '--require-approval', 'never', '--app', poorer],
    ]);
    const refused = JSON.stringify(await jobs());
    assert.match(refused, /AccessDenied|not authorized to perform: dynamodb:Query/);
    await stillServes();
  });
  await cases.check('has it again when it is deployed again', async () => {
    await deploy(functionsStack, '--exclusively');
    assert.equal((await jobs()).kind, 'success');
    await showsNoDifference();
  });

  const tables = () => account.resources(tableStack, 'AWS::DynamoDB::GlobalTable');
  await cases.check(
    'makes an index of a table that is in use, and shows nothing else of it to change',
    async () => {
      const copy = copyProject(root, join(folder, 'indexed'));
      copy.edit(
        'model/flights.ts',
        '    indexes: {\n      byAircraft:',
        `    indexes: {\n      ${byDestination}\n      byAircraft:`,
      );
      await copy.polystore('model', 'diff', '--write');
      await copy.polystore('model', 'diff', '--write', '--env', 'dev');
      await synthesise({ POLYSTORE_GENERATION: '1' }, copy.folder);
      const before = await tables();

      const difference = await cdk.run(['diff', tableStack, '--exclusively', '--app', assembly]);
      await deploy(tableStack, '--exclusively');

      const changed = [...difference.matchAll(/^ [├└]─ \[[~+-]\] (?:AWS::\S+ )?(\S+)/gm)].map(
        ([, name]) => name,
      );
      // The index, and with it the alarm on its throttles and the count of its keys.
      assert.deepEqual([...new Set(changed)].toSorted(), [
        'AttributeDefinitions',
        'GlobalSecondaryIndexes',
        'Metrics',
        'Replicas',
      ]);
      assert.deepEqual(await tables(), before);
      const indexes = await Promise.all([...before.values()].map((table) => account.indexesOf(table)));
      assert.ok(indexes.flat().includes('byDestination'), `the indexes are ${indexes.flat().join(', ')}`);
      await stillServes();
    },
  );
}
