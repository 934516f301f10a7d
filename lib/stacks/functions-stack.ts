import { RemovalPolicy, Stack } from 'aws-cdk-lib';
import type { Role } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import type { Catalog } from '../../lambda/model/index.ts';
import {
  checkCapacityNeeds,
  connectionLimitsOf,
  defaultAccountConcurrency,
  Functions,
  needOfService,
  needsOf,
  type Stores,
} from '../constructs/functions/index.ts';
import { refuseProblems } from '../constructs/props-problems.ts';
import type { ClusterMember } from '../constructs/relational-store/index.ts';
import { createRouterRole, defaultMaximumTasks } from '../constructs/router-service/index.ts';
import type { StoreStackProps } from './store-stack-props.ts';

export interface FunctionsStackProps extends StoreStackProps {
  readonly catalog: Catalog;
  readonly stores: Stores;
  /** Of Aurora, the writer first. */
  readonly instances: readonly ClusterMember[];
  /** A folder for each function, as `bin/build.ts` makes them. */
  readonly codeFolder: string;
  /** Names of the table's indexes that queries may not use yet. */
  readonly unreadyIndexes: readonly string[];
}

/** The functions, their triggers, and the run of the schema. */
export class FunctionsStack extends Stack {
  readonly functions: Functions;
  /** Of the router's service, if there is one: the schema function lets it into the search domain. */
  readonly routerRole: Role | undefined;

  constructor(scope: Construct, id: string, props: FunctionsStackProps) {
    super(scope, id, props);
    const { api, functions, log } = props.environment;
    const { accountConcurrency = defaultAccountConcurrency } = functions;
    refuseProblems(this, (problems) =>
      checkCapacityNeeds(
        [
          ...needsOf(
            props.catalog,
            {
              requestsPerSecond: api.requestsPerSecond,
              secondsPerRequest: functions.secondsPerRequest ?? 0.25,
              streamShards: functions.streamShards ?? 4,
            },
            api.front,
          ),
          ...(api.service === undefined
            ? []
            : [needOfService(api.service.maximumTasks ?? defaultMaximumTasks)]),
        ],
        {
          accountConcurrency,
          connections: connectionLimitsOf(props.instances),
        },
        problems,
      ),
    );
    this.routerRole = api.service && createRouterRole(this, 'RouterRole', props.catalog);
    this.functions = new Functions(this, 'Functions', {
      catalog: props.catalog,
      codeFolder: props.codeFolder,
      network: props.network,
      stores: props.stores,
      identity: api.identity,
      ...(api.front === undefined ? {} : { front: api.front }),
      ...(api.principals === undefined ? {} : { principals: api.principals }),
      generation: functions.generation,
      unreadyIndexes: props.unreadyIndexes,
      ...(this.routerRole && { searchReaders: [this.routerRole] }),
      accountConcurrency,
      ...(log.partitions === undefined ? {} : { topicPartitions: log.partitions }),
      ...(functions.variables === undefined ? {} : { variables: functions.variables }),
      // The enum's members are these numbers of days.
      logRetention: props.environment.logRetentionDays,
      removalPolicy: props.destroy ? RemovalPolicy.DESTROY : RemovalPolicy.RETAIN,
    });
  }
}
