import { Annotations, CfnOutput, Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { type Catalog, functionsOf } from '../../lambda/model/index.ts';
import { Api } from '../constructs/api/index.ts';
import type { Functions } from '../constructs/functions/index.ts';
import type { Environment } from '../environments/index.ts';

export interface ApiStackProps extends StackProps {
  readonly catalog: Catalog;
  readonly environment: Environment;
  readonly functions: Functions;
}

/** The HTTP API. */
export class ApiStack extends Stack {
  readonly api: Api;

  constructor(scope: Construct, id: string, props: ApiStackProps) {
    super(scope, id, props);
    const { identity, requestsPerSecond, burst } = props.environment.api;
    this.api = new Api(this, 'Api', {
      apiName: `${props.catalog.name}-${props.environment.name}`,
      specs: functionsOf(props.catalog),
      functionOf: (name) => props.functions.get(name),
      issuer: identity.issuer,
      audience: identity.audience,
      requestsPerSecond,
      burst,
    });
    // Reserved by RFC 2606: such an issuer exists nowhere.
    if (/^https:\/\/([^/]*\.)?example\.(com|org|net)(\/|$)/.test(identity.issuer)) {
      Annotations.of(this).addWarningV2(
        'polystore:exampleIssuer',
        `The issuer ${identity.issuer} is an example: the API will refuse every caller until lib/environments/${props.environment.name}.ts names yours`,
      );
    }
    new CfnOutput(this, 'Url', { value: this.api.url, description: 'POST /query, /explain and /events' });
  }
}
