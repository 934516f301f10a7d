import type { StackProps } from 'aws-cdk-lib';
import type { Network } from '../constructs/network/index.ts';
import type { Environment } from '../environments/index.ts';

/** What the stack of every store takes. */
export interface StoreStackProps extends StackProps {
  readonly environment: Environment;
  readonly network: Network;
  /** Both consents to destroy data were given (see `decideDestroy`). */
  readonly destroy: boolean;
}
