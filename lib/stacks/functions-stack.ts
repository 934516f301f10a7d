import { RemovalPolicy, Stack } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import type { Catalog } from '../../lambda/model/index.ts';
import { Functions, type Stores } from '../constructs/functions/index.ts';
import type { StoreStackProps } from './store-stack-props.ts';

export interface FunctionsStackProps extends StoreStackProps {
  readonly catalog: Catalog;
  readonly stores: Stores;
  /** A folder for each function, as `bin/build.ts` makes them. */
  readonly codeFolder: string;
  /** Names of the table's indexes that queries may not use yet. */
  readonly unreadyIndexes: readonly string[];
}

/** The functions, their triggers, and the run of the schema. */
export class FunctionsStack extends Stack {
  readonly functions: Functions;

  constructor(scope: Construct, id: string, props: FunctionsStackProps) {
    super(scope, id, props);
    const { api, functions, log } = props.environment;
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
