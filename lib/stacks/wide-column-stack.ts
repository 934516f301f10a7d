import { RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import type { Catalog } from '../../lambda/model/index.ts';
import { WideColumnStore } from '../constructs/wide-column-store/index.ts';
import type { Environment } from '../environments/index.ts';

export interface WideColumnStackProps extends StackProps {
  readonly catalog: Catalog;
  readonly environment: Environment;
  /** Both consents to destroy data were given (see `decideDestroy`). */
  readonly destroy: boolean;
}

/** Keyspaces: the tables of the model's views. */
export class WideColumnStack extends Stack {
  readonly store: WideColumnStore;

  constructor(scope: Construct, id: string, props: WideColumnStackProps) {
    super(scope, id, props);
    const { catalog, environment } = props;
    this.store = new WideColumnStore(this, 'WideColumn', {
      // A keyspace takes no hyphens.
      keyspaceName: `${catalog.name}_${environment.name}`.replaceAll('-', '_'),
      tables: catalog.wideTables,
      ...environment.wideColumn,
      removalPolicy: props.destroy ? RemovalPolicy.DESTROY : RemovalPolicy.RETAIN,
    });
  }
}
