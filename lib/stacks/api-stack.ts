import { Annotations, CfnOutput, Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { type Catalog, type FunctionName, functionsOf } from '../../lambda/model/index.ts';
import { Api, type ApiFront, RestApi } from '../constructs/api/index.ts';
import type { Functions } from '../constructs/functions/index.ts';
import type { Environment } from '../environments/index.ts';

export interface ApiStackProps extends StackProps {
  readonly catalog: Catalog;
  readonly environment: Environment;
  readonly functions: Functions;
}

/** What stands before the functions. */
export class ApiStack extends Stack {
  readonly api: ApiFront;

  constructor(scope: Construct, id: string, props: ApiStackProps) {
    super(scope, id, props);
    const { front, identity, requestsPerSecond, burst, requestsPerAddress } = props.environment.api;
    const shared = {
      apiName: `${props.catalog.name}-${props.environment.name}`,
      specs: functionsOf(props.catalog, { front }),
      functionOf: (name: FunctionName) => props.functions.get(name),
      ...{ requestsPerSecond, burst },
      encryptionKey: props.functions.encryptionKey,
      // The enum's members are these numbers of days.
      logRetention: props.environment.logRetentionDays,
    };
    this.api =
      front === 'rest'
        ? new RestApi(this, 'Rest', {
            ...shared,
            authorizer: props.functions.get('authorize'),
            ...(requestsPerAddress !== undefined && { requestsPerAddress }),
          })
        : new Api(this, 'Api', { ...shared, issuer: identity.issuer, audience: identity.audience });
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
