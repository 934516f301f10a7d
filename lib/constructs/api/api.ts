import { AccessLogFormat } from 'aws-cdk-lib/aws-apigateway';
import * as apigateway from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpJwtAuthorizer } from 'aws-cdk-lib/aws-apigatewayv2-authorizers';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import { Construct } from 'constructs';
import { acceptFinding } from '../accept-finding.ts';
import type { WatchedApi } from '../alarms/index.ts';
import { createLogGroup } from '../log-group.ts';
import { refuseProblems } from '../props-problems.ts';
import { type ApiFront, checkRates, type FrontProps, publicReason, ratesOf, routesOf } from './front.ts';

export interface ApiProps extends FrontProps {
  /** An OpenID issuer, https. */
  readonly issuer: string;
  readonly audience: string;
}

/** Who asked for what and how it went: no statement, no parameter, no credential. */
const accessLog = AccessLogFormat.custom(
  JSON.stringify({
    time: '$context.requestTime',
    requestId: '$context.requestId',
    route: '$context.routeKey',
    status: '$context.status',
    subject: '$context.authorizer.claims.sub',
    sourceIp: '$context.identity.sourceIp',
    latencyMs: '$context.responseLatency',
    integrationLatencyMs: '$context.integrationLatency',
    bytes: '$context.responseLength',
    error: '$context.error.message',
    integrationError: '$context.integrationErrorMessage',
    authorizerError: '$context.authorizer.error',
  }),
);

/**
 * The HTTP API: routes of the functions behind a JWT authorizer. The functions verify the credential
 * again, since they answer for tenancy and can be invoked past the API by whoever has the right to.
 * It has no WAF and sends no answer before it is whole: `RestApi` does.
 */
export class Api extends Construct implements ApiFront {
  readonly httpApi: apigateway.HttpApi;
  readonly url: string;
  readonly stageName = '$default';
  readonly watched: WatchedApi;

  constructor(scope: Construct, id: string, props: ApiProps) {
    super(scope, id);
    const { requestsPerSecond, burst } = ratesOf(props);
    refuseProblems(this, (problems) => {
      if (!props.issuer.startsWith('https://'))
        problems.add('issuer', `is '${props.issuer}'`, 'use an address with https');
      if (props.audience === '')
        problems.add('audience', 'is empty', 'name the audience that the issuer writes into credentials');
      checkRates(props, problems);
    });

    this.httpApi = new apigateway.HttpApi(this, 'Http', {
      apiName: props.apiName,
      createDefaultStage: false,
    });
    this.watched = { kind: 'http', apiId: this.httpApi.apiId, stage: this.stageName };
    const authorizer = new HttpJwtAuthorizer('Callers', props.issuer, { jwtAudience: [props.audience] });
    for (const { method, path, spec, isPublic } of routesOf(props.specs)) {
      const routes = this.httpApi.addRoutes({
        path,
        methods: [apigateway.HttpMethod[method]],
        integration: this.#integrationOf(spec.name, props),
        ...(isPublic ? {} : { authorizer }),
      });
      if (isPublic)
        for (const route of routes)
          acceptFinding(route, { rule: 'AwsSolutions-APIG4', reason: publicReason });
    }
    const stage = new apigateway.HttpStage(this, 'Stage', {
      httpApi: this.httpApi,
      stageName: this.stageName,
      autoDeploy: true,
      throttle: { rateLimit: requestsPerSecond, burstLimit: burst },
      detailedMetricsEnabled: true,
      accessLogSettings: {
        destination: new apigateway.LogGroupLogDestination(createLogGroup(this, 'AccessLogs', props)),
        format: accessLog,
      },
    });
    this.url = stage.url;
  }

  readonly #integrations = new Map<string, HttpLambdaIntegration>();

  /** One for each function, however many routes it has. */
  #integrationOf(
    name: FrontProps['specs'][number]['name'],
    { functionOf }: FrontProps,
  ): HttpLambdaIntegration {
    const found = this.#integrations.get(name) ?? new HttpLambdaIntegration(name, functionOf(name));
    this.#integrations.set(name, found);
    return found;
  }
}
