import { RemovalPolicy } from 'aws-cdk-lib';
import { AccessLogFormat } from 'aws-cdk-lib/aws-apigateway';
import * as apigateway from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpJwtAuthorizer } from 'aws-cdk-lib/aws-apigatewayv2-authorizers';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import type { FunctionName, FunctionSpec } from '../../../lambda/model/index.ts';
import { acceptFinding } from '../accept-finding.ts';
import { refuseProblems } from '../props-problems.ts';

export interface ApiProps {
  readonly apiName: string;
  /** Those with an HTTP trigger get their routes; others are left alone. */
  readonly specs: readonly FunctionSpec[];
  readonly functionOf: (name: FunctionName) => lambda.IFunction;
  /** An OpenID issuer, https. */
  readonly issuer: string;
  readonly audience: string;
  /**
   * Steady rate of all callers together; above it API Gateway answers 429.
   * @default 100
   */
  readonly requestsPerSecond?: number;
  /**
   * How many requests may come at once above the steady rate.
   * @default - twice the rate
   */
  readonly burst?: number;
  /**
   * How long access logs are kept.
   * @default logs.RetentionDays.THREE_MONTHS
   */
  readonly logRetention?: logs.RetentionDays;
}

/** Answers whoever probes it, with nothing but whether it is well. */
const publicPaths: readonly string[] = ['/health'];

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
 */
export class Api extends Construct {
  readonly httpApi: apigateway.HttpApi;
  readonly url: string;
  readonly stageName = '$default';

  constructor(scope: Construct, id: string, props: ApiProps) {
    super(scope, id);
    const { requestsPerSecond = 100, burst = 2 * requestsPerSecond } = props;
    refuseProblems(this, (problems) => {
      if (!props.issuer.startsWith('https://'))
        problems.add('issuer', `is '${props.issuer}'`, 'use an address with https');
      if (props.audience === '')
        problems.add('audience', 'is empty', 'name the audience that the issuer writes into credentials');
      if (!(requestsPerSecond > 0) || !Number.isInteger(burst) || burst < 1)
        problems.add(
          'requestsPerSecond and burst',
          `are ${requestsPerSecond} and ${burst}`,
          'use more than 0',
        );
    });

    this.httpApi = new apigateway.HttpApi(this, 'Http', {
      apiName: props.apiName,
      createDefaultStage: false,
    });
    const authorizer = new HttpJwtAuthorizer('Callers', props.issuer, { jwtAudience: [props.audience] });
    for (const { name, trigger } of props.specs) {
      if (trigger.kind !== 'http') continue;
      const integration = new HttpLambdaIntegration(name, props.functionOf(name));
      for (const { method, path } of trigger.routes) {
        const routes = this.httpApi.addRoutes({
          path,
          methods: [apigateway.HttpMethod[method]],
          integration,
          ...(publicPaths.includes(path) ? {} : { authorizer }),
        });
        if (publicPaths.includes(path))
          for (const route of routes)
            acceptFinding(route, {
              rule: 'AwsSolutions-APIG4',
              reason: 'It answers whoever probes it, and with nothing but whether it is well.',
            });
      }
    }
    const stage = new apigateway.HttpStage(this, 'Stage', {
      httpApi: this.httpApi,
      stageName: this.stageName,
      autoDeploy: true,
      throttle: { rateLimit: requestsPerSecond, burstLimit: burst },
      detailedMetricsEnabled: true,
      accessLogSettings: {
        destination: new apigateway.LogGroupLogDestination(
          new logs.LogGroup(this, 'AccessLogs', {
            retention: props.logRetention ?? logs.RetentionDays.THREE_MONTHS,
            removalPolicy: RemovalPolicy.DESTROY,
          }),
        ),
        format: accessLog,
      },
    });
    this.url = stage.url;
  }
}
