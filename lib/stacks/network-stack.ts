import { Fn, Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { type Catalog, functionsOf } from '../../lambda/model/index.ts';
import { captureEdges, edgesOf, Network, proxyEdges, routerEdges } from '../constructs/network/index.ts';
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
    const { api, network, relational, logRetentionDays } = props.environment;
    const keys = {
      keysByUrl: api.identity.keys.kind === 'url',
      ...(relational.proxy !== undefined && { proxy: relational.proxy }),
    };
    const specs = functionsOf(props.catalog, api);
    const query = specs.find(({ name }) => name === 'query');
    this.network = new Network(this, 'Network', {
      edges: [
        ...edgesOf(specs, keys),
        ...(isCaptured(props.catalog) ? captureEdges : []),
        ...(relational.proxy === true ? proxyEdges : []),
        ...(api.service === undefined || query === undefined ? [] : routerEdges(query, keys)),
      ],
      ...network,
      // The enum's members are these numbers of days.
      logRetention: logRetentionDays,
    });
  }

  /** Numbers in the region's list, also where a stage names the region: synth asks nobody which zones it has. */
  override get availabilityZones(): string[] {
    return [0, 1, 2].map((index) => Fn.select(index, Fn.getAzs()));
  }
}
