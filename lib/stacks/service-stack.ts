import { CfnOutput, Stack } from 'aws-cdk-lib';
import type { IRole } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import type { Catalog } from '../../lambda/model/index.ts';
import type { Functions, Stores } from '../constructs/functions/index.ts';
import { RouterService } from '../constructs/router-service/index.ts';
import type { Environment } from '../environments/index.ts';
import type { StoreStackProps } from './store-stack-props.ts';

export interface ServiceStackProps extends StoreStackProps {
  readonly catalog: Catalog;
  readonly stores: Stores;
  readonly functions: Functions;
  /** Of the service's tasks; of an earlier stack, whose schema function lets it in. */
  readonly role: IRole;
  readonly service: NonNullable<Environment['api']['service']>;
  /** `router` in it is what `bin/build-router.ts` makes. */
  readonly codeFolder: string;
  /** Names of the table's indexes that queries may not use yet. */
  readonly unreadyIndexes: readonly string[];
}

/** The router as a service. */
export class ServiceStack extends Stack {
  readonly router: RouterService;

  constructor(scope: Construct, id: string, props: ServiceStackProps) {
    super(scope, id, props);
    const { catalog, environment, functions } = props;
    const { api } = environment;
    this.router = new RouterService(this, 'Router', {
      ...props.service,
      catalog,
      serviceName: `${catalog.name}-${environment.name}`,
      codeFolder: props.codeFolder,
      network: props.network,
      stores: props.stores,
      tokenSecret: functions.tokenSecret,
      encryptionKey: functions.encryptionKey,
      role: props.role,
      functionOf: (name) => functions.get(name),
      identity: api.identity,
      requestsPerSecond: api.requestsPerSecond,
      generation: environment.functions.generation,
      unreadyIndexes: props.unreadyIndexes,
      ...(environment.functions.variables !== undefined && { variables: environment.functions.variables }),
      // The enum's members are these numbers of days.
      logRetention: environment.logRetentionDays,
    });
    new CfnOutput(this, 'Balancer', {
      value: this.router.balancer.loadBalancer.loadBalancerDnsName,
      description: "Inside of the VPC; a name of the certificate's has to lead there",
    });
  }
}
