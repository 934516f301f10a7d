import { type App, Stack } from 'aws-cdk-lib';
import { Vpc } from 'aws-cdk-lib/aws-ec2';
import { type Catalog, compile } from '../../lambda/model/index.ts';
import {
  ArchiveStore,
  CacheStore,
  ChangeLog,
  classic,
  classicInstance,
  RelationalInstance,
  RelationalStore,
  SearchStore,
  TableAccelerator,
  type TableReplica,
  TableStore,
  WideColumnStore,
} from '../../lib/index.ts';
import flights from '../../model/flights.ts';

const catalog = compile(flights);
const table = tableOf(catalog);
const units = (minimum: number) => ({ minimum, maximum: 10 * minimum });
const warm = { readUnitsPerSecond: 13_000, writeUnitsPerSecond: 5_000 };
const replica = (region: string): TableReplica => ({
  region,
  keyArn: `arn:aws:kms:${region}:123456789012:key/12345678-1234-1234-1234-123456789012`,
});

const each = (name: string): string[] => ['a', 'b', 'c'].map((zone) => `${name}-0123456789abcdef${zone}`);
const vpcOf = (stack: Stack) =>
  Vpc.fromVpcAttributes(stack, 'Vpc', {
    vpcId: 'vpc-0123456789abcdef0',
    availabilityZones: ['a', 'b', 'c'],
    isolatedSubnetIds: each('subnet'),
    isolatedSubnetRouteTableIds: each('rtb'),
  });

function tableOf({ table: found }: Catalog) {
  if (found === undefined) throw new TypeError('the sample has DynamoDB entities');
  return found;
}

/** Stores with the options that no environment of ours takes. */
export function buildEveryOption(app: App): void {
  const scaled = new Stack(app, 'Scaled');
  const vpc = vpcOf(scaled);
  const store = new TableStore(scaled, 'Table', {
    table,
    billing: {
      mode: 'provisioned',
      read: units(5),
      write: units(7),
      ofIndex: { byStatus: { read: units(1), write: units(2) } },
    },
    contributorInsights: 'throttled',
    replication: { consistency: 'eventual', replicas: [replica('eu-west-1')] },
  });
  if (store.table !== undefined)
    new TableAccelerator(scaled, 'Accelerator', { table: store.table, tableKey: store.encryptionKey, vpc });
  new CacheStore(scaled, 'Cache', {
    eviction: 'noeviction',
    vpc,
    shards: 2,
    scaling: { shards: { maximum: 4 }, replicasPerShard: { maximum: 3 } },
  });

  const strong = new Stack(app, 'Strong');
  new TableStore(strong, 'Table', {
    table: { ...table, localIndexes: [] },
    billing: {
      mode: 'on-demand',
      maximum: { read: 100, write: 9 },
      maximumOfIndex: { byStatus: { write: 5 } },
    },
    warmThroughput: warm,
    warmThroughputOfIndex: { byStatus: warm },
    contributorInsights: 'all',
    recoveryDays: 7,
    replication: {
      consistency: 'strong',
      replicas: [replica('us-west-2')],
      witness: 'us-east-2',
      timeToLive: 'off',
    },
  });
  new WideColumnStore(strong, 'WideColumn', {
    keyspaceName: 'options',
    tables: catalog.wideTables,
    billing: { mode: 'provisioned', read: units(5), write: units(6) },
    replication: { regions: ['eu-west-1', 'eu-central-1'], encryption: 'aws-owned' },
  });

  buildPresets(new Stack(app, 'Presets'));
}

/** The preset of a classic database, and other kinds of the log, of search and of the archive. */
function buildPresets(stack: Stack): void {
  const vpc = vpcOf(stack);
  new RelationalStore(stack, 'Classic', {
    vpc,
    ...classic,
    storage: 'io-optimized',
    proxy: false,
    global: { kind: 'primary', identifier: 'options', regions: ['eu-west-1'] },
  });
  new RelationalStore(stack, 'Proxied', { vpc, proxy: true, readerScaling: { maximum: 3 } });
  new RelationalInstance(stack, 'ClassicInstance', { vpc, ...classicInstance });
  new ChangeLog(stack, 'Express', { vpc, clusterName: 'express', kind: 'express', brokerType: 'm7g.large' });
  new ChangeLog(stack, 'Serverless', { vpc, clusterName: 'serverless', kind: 'serverless' });
  new SearchStore(stack, 'Search', {
    vpc,
    domainName: 'options',
    managerType: 'm7g.large.search',
    tiers: { warmType: 'ultrawarm1.medium.search', warmNodes: 2, cold: true },
    fineGrainedAccess: true,
  });
  new ArchiveStore(stack, 'Archive', {
    prefix: 'options',
    deletedClass: 'glacier-deep-archive',
    objectLock: { mode: 'governance', days: 30 },
  });
}
