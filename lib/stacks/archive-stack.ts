import { RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { ArchiveStore } from '../constructs/archive-store/index.ts';
import type { Environment } from '../environments/index.ts';

export interface ArchiveStackProps extends StackProps {
  /** Folder of the bucket. */
  readonly prefix: string;
  readonly environment: Environment;
  /** Both consents to destroy data were given (see `decideDestroy`). */
  readonly destroy: boolean;
}

/** S3: the archive. */
export class ArchiveStack extends Stack {
  readonly store: ArchiveStore;

  constructor(scope: Construct, id: string, props: ArchiveStackProps) {
    super(scope, id, props);
    this.store = new ArchiveStore(this, 'Archive', {
      prefix: props.prefix,
      ...props.environment.archive,
      removalPolicy: props.destroy ? RemovalPolicy.DESTROY : RemovalPolicy.RETAIN,
    });
  }
}
