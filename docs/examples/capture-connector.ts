import { Stack } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import { CaptureConnector, ChangeLog, RelationalStore } from '../../lib/index.ts';
import type { Example } from './example.ts';

/** Debezium on MSK Connect, with a configuration of your own. */
export const example: Example = (app, { pluginFile }) => {
  const stack = new Stack(app, 'OrdersCapture');
  const vpc = new ec2.Vpc(stack, 'Vpc', { maxAzs: 2 }) as ec2.IVpc;
  const vpcSubnets = { subnetType: ec2.SubnetType.PRIVATE_WITH_EGRESS };
  new CaptureConnector(stack, 'Capture', {
    connectorName: 'orders',
    generation: 0,
    pluginFile,
    renderConnector: ({ host, port, database, user, password }) => ({
      'connector.class': 'io.debezium.connector.postgresql.PostgresConnector',
      'database.hostname': host,
      'database.port': String(port),
      'database.dbname': database,
      'database.user': user,
      'database.password': password,
      'topic.prefix': 'orders',
      'tasks.max': '1',
    }),
    relational: new RelationalStore(stack, 'Relational', { vpc, vpcSubnets }),
    log: new ChangeLog(stack, 'Log', {
      clusterName: 'orders',
      vpc,
      vpcSubnets,
      brokers: 2,
      replication: 2,
      minimumInSyncReplicas: 1,
    }),
    topics: ['orders.public.order'],
    offsetsTopic: 'orders.connect-offsets',
    vpc,
    vpcSubnets,
    securityGroups: [new ec2.SecurityGroup(stack, 'Worker', { vpc })],
  });
  return stack;
};
