import { RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import type { Catalog } from '../../lambda/model/index.ts';
import { TableStore } from '../constructs/table-store/index.ts';

export interface TableStackProps extends StackProps {
  readonly catalog: Catalog;
  /** Both consents to destroy data were given (see `decideDestroy`). */
  readonly destroy: boolean;
}

/** DynamoDB: the entities' table and the dead letters. */
export class TableStack extends Stack {
  readonly store: TableStore;

  constructor(scope: Construct, id: string, props: TableStackProps) {
    super(scope, id, props);
    this.store = new TableStore(this, 'Table', {
      table: props.catalog.table,
      deletionProtection: !props.destroy,
      removalPolicy: props.destroy ? RemovalPolicy.DESTROY : RemovalPolicy.RETAIN,
    });
  }
}
