import { CfnOutput, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { workloads } from '../../lambda/model/index.ts';
import { connectionProxy } from '../constructs/network/index.ts';
import { pascalCase } from '../constructs/pascal-case.ts';
import { RelationalStore } from '../constructs/relational-store/index.ts';
import type { StoreStackProps } from './store-stack-props.ts';

/** Aurora PostgreSQL. */
export class RelationalStack extends Stack {
  readonly store: RelationalStore;

  constructor(scope: Construct, id: string, props: StoreStackProps) {
    super(scope, id, props);
    const { slowStatementMs, globalDatabase, ...settings } = props.environment.relational;
    this.store = new RelationalStore(this, 'Relational', {
      vpc: props.network.vpc,
      vpcSubnets: props.network.isolated,
      securityGroups: [props.network.serverGroup('relational')],
      ...settings,
      ...(settings.proxy === true && {
        proxySecurityGroups: [props.network.clientGroup(connectionProxy), props.network.serverGroup('proxy')],
      }),
      ...(slowStatementMs !== undefined && { slowStatement: Duration.millis(slowStatementMs) }),
      ...(globalDatabase !== undefined && { global: { kind: 'primary', ...globalDatabase } }),
      // The enum's members are these numbers of days.
      logRetention: props.environment.logRetentionDays,
      deletionProtection: !props.destroy,
      removalPolicy: props.destroy ? RemovalPolicy.DESTROY : RemovalPolicy.SNAPSHOT,
    });
    for (const workload of workloads)
      new CfnOutput(this, `${pascalCase(workload)}Endpoint`, {
        value: this.store.endpointOf(workload),
        description: `Readers for ${workload}`,
      });
  }
}
