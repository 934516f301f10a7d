import { RemovalPolicy, Stack } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { CacheStore } from '../constructs/cache-store/index.ts';
import type { StoreStackProps } from './store-stack-props.ts';

/** ElastiCache for Valkey: one cluster for views, and one for what is cached and may be forgotten. */
export class CacheStack extends Stack {
  readonly views: CacheStore<'noeviction'>;
  /** For query results; nothing reads or writes it yet, so no security group lets anybody in. */
  readonly cache: CacheStore<'allkeys-lru'>;

  constructor(scope: Construct, id: string, props: StoreStackProps) {
    super(scope, id, props);
    const { environment, network } = props;
    const place = {
      vpc: network.vpc,
      vpcSubnets: network.isolated,
      // The enum's members are these numbers of days.
      logRetention: environment.logRetentionDays,
    };
    // The ids are older than the names: another id would be another cluster, without the views.
    this.views = new CacheStore(this, 'Cache', {
      eviction: 'noeviction',
      ...place,
      securityGroups: [network.serverGroup('views')],
      ...environment.views,
      removalPolicy: props.destroy ? RemovalPolicy.DESTROY : RemovalPolicy.SNAPSHOT,
    });
    this.cache = new CacheStore(this, 'Results', {
      eviction: 'allkeys-lru',
      ...place,
      securityGroups: [network.serverGroup('cache')],
      ...environment.cache,
    });
  }
}
