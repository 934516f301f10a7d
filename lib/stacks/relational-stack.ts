import { CfnOutput, RemovalPolicy, Stack } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { workloads } from '../../lambda/model/index.ts';
import { pascalCase } from '../constructs/pascal-case.ts';
import { RelationalStore } from '../constructs/relational-store/index.ts';
import type { StoreStackProps } from './store-stack-props.ts';

/** Aurora PostgreSQL. */
export class RelationalStack extends Stack {
  readonly store: RelationalStore;

  constructor(scope: Construct, id: string, props: StoreStackProps) {
    super(scope, id, props);
    this.store = new RelationalStore(this, 'Relational', {
      vpc: props.network.vpc,
      vpcSubnets: props.network.isolated,
      securityGroups: [props.network.serverGroup('relational')],
      ...props.environment.relational,
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
