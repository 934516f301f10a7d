import { describe, expect, test } from '@jest/globals';
import { Duration, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { TableAccelerator, type TableAcceleratorProps, TableStore } from '../../../lib/index.ts';
import { deploy, dev, foreignVpc, newApp } from '../deploy.ts';

const { catalog } = deploy();

function alone(props: Partial<TableAcceleratorProps> = {}): Template {
  const stack = new Stack(newApp(), 'Alone');
  const store = new TableStore(stack, 'Table', { table: catalog.table });
  if (store.table === undefined) throw new TypeError('the sample has a table');
  new TableAccelerator(stack, 'Accelerator', {
    table: store.table,
    tableKey: store.encryptionKey,
    vpc: foreignVpc(stack, 3),
    ...props,
  });
  return Template.fromStack(stack);
}

describe('TableAccelerator', () => {
  test('is three nodes in isolated subnets, encrypted on disk and in transit, that nobody is let in to', () => {
    const template = alone();

    template.hasResourceProperties('AWS::DAX::Cluster', {
      ReplicationFactor: 3,
      NodeType: 'dax.r5.large',
      ClusterEndpointEncryptionType: 'TLS',
      SSESpecification: { SSEEnabled: true },
    });
    template.hasResourceProperties('AWS::DAX::SubnetGroup', {
      SubnetIds: ['subnet-1', 'subnet-2', 'subnet-3'],
    });
    template.hasResourceProperties('AWS::EC2::SecurityGroup', { SecurityGroupIngress: Match.absent() });
  });

  test('may read the one table, and write nothing', () => {
    const actions = Object.values(alone().findResources('AWS::IAM::Policy')).flatMap(({ Properties }) =>
      Properties.PolicyDocument.Statement.flatMap(
        ({ Action }: { readonly Action: string | string[] }) => Action,
      ),
    );

    expect(actions).toEqual([
      'dynamodb:BatchGetItem',
      'dynamodb:DescribeTable',
      'dynamodb:GetItem',
      'dynamodb:Query',
      'dynamodb:Scan',
      'kms:Decrypt',
      'kms:DescribeKey',
    ]);
  });

  test('keeps answers as long as it is told', () => {
    alone({ timeToLive: Duration.seconds(2) }).hasResourceProperties('AWS::DAX::ParameterGroup', {
      ParameterNameValues: { 'record-ttl-millis': '2000', 'query-ttl-millis': '2000' },
    });
  });

  test('comes with a deployment where its environment says so', () => {
    const { templates } = deploy({
      environment: { table: { ...dev.table, accelerator: { nodes: 1, timeToLiveSeconds: 1 } } },
    });

    templates.table.hasResourceProperties('AWS::DAX::Cluster', { ReplicationFactor: 1 });
  });

  test('fails once with all that is wrong', () => {
    const build = () =>
      alone({
        nodeType: 'r5.large',
        nodes: 12,
        timeToLive: Duration.millis(0),
        maintenanceWindow: 'sunday',
      });

    expect(build).toThrow(
      /4 problem\(s\):.*nodeType is 'r5\.large'.*nodes is 12.*timeToLive is 0.*maintenanceWindow is 'sunday'/s,
    );
  });
});
