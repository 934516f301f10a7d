import { Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import type { Catalog, GlobalIndex } from '../../lambda/model/index.ts';
import { billByRates, TableAccelerator, TableStore } from '../constructs/table-store/index.ts';
import type { StoreStackProps } from './store-stack-props.ts';

export interface TableStackProps extends StoreStackProps {
  readonly catalog: Catalog;
  /** Those that the table has at this wave. */
  readonly globalIndexes: readonly GlobalIndex[];
}

/** DynamoDB: the entities' table and the dead letters. */
export class TableStack extends Stack {
  readonly store: TableStore;

  constructor(scope: Construct, id: string, props: TableStackProps) {
    super(scope, id, props);
    const { catalog, environment, network } = props;
    const { billing, accelerator, indexWave: _, ...settings } = environment.table;
    const table = catalog.table && { ...catalog.table, globalIndexes: props.globalIndexes };
    this.store = new TableStore(this, 'Table', {
      table,
      // A model without a table is billed for none.
      ...(table !== undefined && {
        ...settings,
        billing: billing.mode === 'by-rates' ? billByRates(catalog, billing) : billing,
      }),
      deletionProtection: !props.destroy,
      removalPolicy: props.destroy ? RemovalPolicy.DESTROY : RemovalPolicy.RETAIN,
    });
    if (accelerator === undefined || this.store.table === undefined) return;
    const { timeToLiveSeconds, ...size } = accelerator;
    new TableAccelerator(this, 'Accelerator', {
      ...size,
      ...(timeToLiveSeconds !== undefined && { timeToLive: Duration.seconds(timeToLiveSeconds) }),
      table: this.store.table,
      tableKey: this.store.encryptionKey,
      vpc: network.vpc,
      vpcSubnets: network.isolated,
    });
  }
}
