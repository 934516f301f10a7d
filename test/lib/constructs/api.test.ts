import { describe, expect, test } from '@jest/globals';
import { Stack } from 'aws-cdk-lib';
import { Match } from 'aws-cdk-lib/assertions';
import { functionsOf } from '../../../lambda/model/index.ts';
import { Api } from '../../../lib/index.ts';
import { deploy, dev, newApp } from '../deploy.ts';

const deployed = deploy();
const template = deployed.templates.api;

const routes = functionsOf(deployed.catalog).flatMap(({ trigger }) =>
  trigger.kind === 'http' ? trigger.routes.map(({ method, path }) => `${method} ${path}`) : [],
);

describe('Api', () => {
  test('has the routes of the functions and no other', () => {
    const found = Object.values(template.findResources('AWS::ApiGatewayV2::Route'));

    expect(found.map((route) => route.Properties.RouteKey).sort()).toEqual([...routes].sort());
  });

  test.each(routes.filter((route) => route !== 'GET /health'))(
    'lets only callers with a credential into %s',
    (route) => {
      template.hasResourceProperties('AWS::ApiGatewayV2::Route', {
        RouteKey: route,
        AuthorizationType: 'JWT',
      });
    },
  );

  test('answers whoever asks for its health', () => {
    template.hasResourceProperties('AWS::ApiGatewayV2::Route', {
      RouteKey: 'GET /health',
      AuthorizationType: 'NONE',
    });
  });

  test('believes the issuer of the environment, for its audience', () => {
    template.hasResourceProperties('AWS::ApiGatewayV2::Authorizer', {
      AuthorizerType: 'JWT',
      JwtConfiguration: { Issuer: dev.api.identity.issuer, Audience: [dev.api.identity.audience] },
      IdentitySource: ['$request.header.Authorization'],
    });
  });

  test('is throttled and writes who asked what, but no statement and no credential', () => {
    template.hasResourceProperties('AWS::ApiGatewayV2::Stage', {
      DefaultRouteSettings: {
        ThrottlingRateLimit: dev.api.requestsPerSecond,
        ThrottlingBurstLimit: dev.api.burst,
      },
      AccessLogSettings: { Format: Match.not(Match.stringLikeRegexp('authorization|body|requestOverride')) },
    });
    template.hasResourceProperties('AWS::Logs::LogGroup', { RetentionInDays: dev.logRetentionDays });
  });

  test('speaks the payload that the functions read', () => {
    template.allResourcesProperties('AWS::ApiGatewayV2::Integration', { PayloadFormatVersion: '2.0' });
  });

  test('fails once with all that is wrong', () => {
    const build = () =>
      new Api(new Stack(newApp(), 'Alone'), 'Api', {
        apiName: 'alone',
        specs: [],
        functionOf: () => deployed.stacks.functions.functions.get('query'),
        issuer: 'http://a.test',
        audience: '',
        encryptionKey: deployed.stacks.functions.functions.encryptionKey,
        burst: 0,
      });

    expect(build).toThrow(/3 problem\(s\):.*issuer is 'http.*audience is empty.*burst/s);
  });
});
