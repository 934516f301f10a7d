import { RemovalPolicy, Stack } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import type { Catalog } from '../../lambda/model/index.ts';
import { refuseProblems } from '../constructs/props-problems.ts';
import { checkTiersAreUsed, dailyIndexLoads, SearchStore } from '../constructs/search-store/index.ts';
import type { StoreStackProps } from './store-stack-props.ts';

export interface SearchStackProps extends StoreStackProps {
  readonly catalog: Catalog;
  readonly domainName: string;
}

/** OpenSearch. */
export class SearchStack extends Stack {
  readonly store: SearchStore;

  constructor(scope: Construct, id: string, props: SearchStackProps) {
    super(scope, id, props);
    refuseProblems(this, (problems) =>
      checkTiersAreUsed(props.environment.search.tiers, props.catalog, problems),
    );
    this.store = new SearchStore(this, 'Search', {
      domainName: props.domainName,
      vpc: props.network.vpc,
      vpcSubnets: props.network.isolated,
      securityGroups: [props.network.serverGroup('search')],
      ...props.environment.search,
      // The enum's members are these numbers of days.
      logRetention: props.environment.logRetentionDays,
      indices: dailyIndexLoads(props.catalog),
      removalPolicy: props.destroy ? RemovalPolicy.DESTROY : RemovalPolicy.RETAIN,
    });
  }
}
