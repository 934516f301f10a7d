import { RemovalPolicy, Stack } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { CacheStore } from '../constructs/cache-store/index.ts';
import type { StoreStackProps } from './store-stack-props.ts';

/** ElastiCache for Valkey. */
export class CacheStack extends Stack {
  readonly store: CacheStore;

  constructor(scope: Construct, id: string, props: StoreStackProps) {
    super(scope, id, props);
    this.store = new CacheStore(this, 'Cache', {
      vpc: props.network.vpc,
      vpcSubnets: props.network.isolated,
      securityGroups: [props.network.serverGroup('cache')],
      ...props.environment.cache,
      removalPolicy: props.destroy ? RemovalPolicy.DESTROY : RemovalPolicy.SNAPSHOT,
    });
  }
}
