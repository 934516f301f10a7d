import { Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { type Catalog, functionsOf } from '../../lambda/model/index.ts';
import { captureEdges, edgesOf, Network } from '../constructs/network/index.ts';
import type { Environment } from '../environments/index.ts';
import { isCaptured } from './captured.ts';

export interface NetworkStackProps extends StackProps {
  readonly catalog: Catalog;
  readonly environment: Environment;
}

/** The VPC and who may talk to whom in it. */
export class NetworkStack extends Stack {
  readonly network: Network;

  constructor(scope: Construct, id: string, props: NetworkStackProps) {
    super(scope, id, props);
    const { api, network } = props.environment;
    this.network = new Network(this, 'Network', {
      edges: [
        ...edgesOf(functionsOf(props.catalog), { keysByUrl: api.identity.keys.kind === 'url' }),
        ...(isCaptured(props.catalog) ? captureEdges : []),
      ],
      ...network,
    });
  }
}
