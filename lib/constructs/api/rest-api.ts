import { Duration } from 'aws-cdk-lib';
import * as apigateway from 'aws-cdk-lib/aws-apigateway';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import { iamPath } from '../../../lambda/model/index.ts';
import { acceptFinding } from '../accept-finding.ts';
import type { WatchedApi } from '../alarms/index.ts';
import { createLogGroup } from '../log-group.ts';
import { refuseProblems } from '../props-problems.ts';
import { createWebAcl, defaultRequestsPerAddress } from '../web-acl/index.ts';
import { type ApiFront, checkRates, type FrontProps, publicReason, ratesOf, routesOf } from './front.ts';

export interface RestApiProps extends FrontProps {
  /** Says whether a JWT is good: the function `authorize`. */
  readonly authorizer: lambda.IFunction;
  /**
   * Requests of one address in five minutes, at least 10; above it WAF answers 429.
   * @default - a tenth of what the rate lets through in five minutes
   */
  readonly requestsPerAddress?: number;
}

/** As the HTTP API's, field by field, in a REST API's variables. */
const accessLog = apigateway.AccessLogFormat.custom(
  JSON.stringify({
    time: '$context.requestTime',
    requestId: '$context.requestId',
    route: '$context.httpMethod $context.resourcePath',
    status: '$context.status',
    subject: '$context.authorizer.principalId',
    principal: '$context.identity.userArn',
    sourceIp: '$context.identity.sourceIp',
    latencyMs: '$context.responseLatency',
    integrationLatencyMs: '$context.integration.latency',
    bytes: '$context.responseLength',
    error: '$context.error.message',
    integrationError: '$context.integration.error',
    authorizerError: '$context.authorizer.error',
    waf: '$context.wafResponseCode',
  }),
);

/** As long as a function that has verified a credential believes it. */
const believedFor = Duration.minutes(1);

/**
 * The REST API, regional: routes of the functions behind a web ACL, for callers with a JWT, which the function
 * `authorize` looks at, and below `/iam` the same routes for callers who sign with IAM. Answers of a function that
 * can are sent as they are made. The functions verify a JWT again, and say which tenant an IAM principal is.
 */
export class RestApi extends Construct implements ApiFront {
  readonly restApi: apigateway.RestApi;
  readonly url: string;
  readonly stageName = 'v1';
  readonly watched: WatchedApi;

  constructor(scope: Construct, id: string, props: RestApiProps) {
    super(scope, id);
    const { requestsPerSecond, burst } = ratesOf(props);
    const { requestsPerAddress = defaultRequestsPerAddress(requestsPerSecond) } = props;
    refuseProblems(this, (problems) => {
      checkRates(props, problems);
      if (!Number.isInteger(requestsPerAddress) || requestsPerAddress < 10)
        problems.add(
          'requestsPerAddress',
          `is ${requestsPerAddress}`,
          'use a whole number from 10, WAF’s least',
        );
    });

    this.restApi = new apigateway.RestApi(this, 'Rest', {
      restApiName: props.apiName,
      endpointTypes: [apigateway.EndpointType.REGIONAL],
      // The account's right to write logs of REST APIs: one for all of a region, so it stays.
      cloudWatchRole: true,
      deployOptions: {
        stageName: this.stageName,
        throttlingRateLimit: requestsPerSecond,
        throttlingBurstLimit: burst,
        metricsEnabled: true,
        tracingEnabled: true,
        // What the API itself could not do; never bodies.
        loggingLevel: apigateway.MethodLoggingLevel.ERROR,
        dataTraceEnabled: false,
        accessLogDestination: new apigateway.LogGroupLogDestination(
          createLogGroup(this, 'AccessLogs', props),
        ),
        accessLogFormat: accessLog,
      },
    });
    acceptFinding(
      this.restApi,
      {
        rule: 'AwsSolutions-IAM4',
        finding: /AmazonAPIGatewayPushToCloudWatchLogs/,
        reason: 'The policy that AWS made for this one setting of the account.',
      },
      {
        rule: 'CKV_AWS_120',
        reason: 'An answer is of one tenant and one moment, and the cache of API Gateway knows neither.',
      },
      {
        rule: 'AwsSolutions-APIG2',
        reason: 'The functions check every body, and say what is wrong with it and what is allowed.',
      },
    );
    this.watched = { kind: 'rest', apiName: props.apiName, stage: this.stageName };
    this.#addRoutes(props);
    createWebAcl(this, {
      name: props.apiName,
      resourceArn: this.restApi.deploymentStage.stageArn,
      requestsPerAddress,
      encryptionKey: props.encryptionKey,
      logRetention: props.logRetention,
    });
    this.url = this.restApi.url;
  }

  #addRoutes(props: RestApiProps): void {
    const byJwt: apigateway.MethodOptions = {
      authorizationType: apigateway.AuthorizationType.CUSTOM,
      authorizer: this.#createAuthorizer(props.authorizer),
    };
    const byIam: apigateway.MethodOptions = { authorizationType: apigateway.AuthorizationType.IAM };
    const byNobody: apigateway.MethodOptions = { authorizationType: apigateway.AuthorizationType.NONE };
    for (const { method, path, spec, isPublic, streams } of routesOf(props.specs)) {
      const integration = new apigateway.LambdaIntegration(props.functionOf(spec.name), {
        allowTestInvoke: false,
        ...(streams && { responseTransferMode: apigateway.ResponseTransferMode.STREAM }),
      });
      const add = (to: string, options: apigateway.MethodOptions): apigateway.Method =>
        this.restApi.root.resourceForPath(to).addMethod(method, integration, options);
      const notCognito =
        'Credentials are of any OpenID issuer, which the authorizer and the functions verify.';
      if (isPublic)
        acceptFinding(
          add(path, byNobody),
          { rule: 'AwsSolutions-APIG4', reason: publicReason },
          { rule: 'AwsSolutions-COG4', reason: publicReason },
          { rule: 'CKV_AWS_59', reason: publicReason },
        );
      else {
        acceptFinding(add(path, byJwt), { rule: 'AwsSolutions-COG4', reason: notCognito });
        acceptFinding(add(`${iamPath}${path}`, byIam), {
          rule: 'AwsSolutions-COG4',
          reason: 'Its callers sign with IAM.',
        });
      }
    }
  }

  #createAuthorizer(handler: lambda.IFunction): apigateway.TokenAuthorizer {
    const authorizer = new apigateway.TokenAuthorizer(this, 'Callers', {
      handler,
      // What has not even the form of a credential starts nothing.
      validationRegex: '^[Bb][Ee][Aa][Rr][Ee][Rr] +[\\w.~+/=-]+ *$',
      resultsCacheTtl: believedFor,
      // A permission would be in the function's stack, and that one would depend on this.
      assumeRole: new iam.Role(this, 'AuthorizerRole', {
        assumedBy: new iam.ServicePrincipal('apigateway.amazonaws.com'),
        description: `${this.restApi.restApiName}: asks the authorizer`,
      }),
    });
    acceptFinding(authorizer, {
      rule: 'AwsSolutions-IAM5',
      finding: /^Resource::<.+>:\*$/,
      reason: 'The versions and aliases of the one function.',
    });
    return authorizer;
  }
}
