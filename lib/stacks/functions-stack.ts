import { RemovalPolicy, Stack } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import type { Catalog } from '../../lambda/model/index.ts';
import { checkCapacityNeeds, Functions, needsOf, type Stores } from '../constructs/functions/index.ts';
import { refuseProblems } from '../constructs/props-problems.ts';
import type { StoreStackProps } from './store-stack-props.ts';

export interface FunctionsStackProps extends StoreStackProps {
  readonly catalog: Catalog;
  readonly stores: Stores;
  /** `max_connections` of Aurora's writer; undefined where it is not known. */
  readonly writerConnections: number | undefined;
  /** A folder for each function, as `bin/build.ts` makes them. */
  readonly codeFolder: string;
  /** Names of the table's indexes that queries may not use yet. */
  readonly unreadyIndexes: readonly string[];
}

/** The quota of an account that is no longer new (docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html). */
const defaultAccountConcurrency = 1_000;

/** The functions, their triggers, and the run of the schema. */
export class FunctionsStack extends Stack {
  readonly functions: Functions;

  constructor(scope: Construct, id: string, props: FunctionsStackProps) {
    super(scope, id, props);
    const { api, functions, log } = props.environment;
    refuseProblems(this, (problems) =>
      checkCapacityNeeds(
        needsOf(props.catalog, {
          requestsPerSecond: api.requestsPerSecond,
          secondsPerRequest: functions.secondsPerRequest ?? 0.25,
          streamShards: functions.streamShards ?? 4,
        }),
        {
          accountConcurrency: functions.accountConcurrency ?? defaultAccountConcurrency,
          writerConnections: props.writerConnections,
        },
        problems,
      ),
    );
    this.functions = new Functions(this, 'Functions', {
      catalog: props.catalog,
      codeFolder: props.codeFolder,
      network: props.network,
      stores: props.stores,
      identity: api.identity,
      generation: functions.generation,
      unreadyIndexes: props.unreadyIndexes,
      ...(log.partitions === undefined ? {} : { topicPartitions: log.partitions }),
      ...(functions.variables === undefined ? {} : { variables: functions.variables }),
      // The enum's members are these numbers of days.
      logRetention: functions.logRetentionDays,
      removalPolicy: props.destroy ? RemovalPolicy.DESTROY : RemovalPolicy.RETAIN,
    });
  }
}
