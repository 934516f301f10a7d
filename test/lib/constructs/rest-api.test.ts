import { describe, expect, test } from '@jest/globals';
import { Stack } from 'aws-cdk-lib';
import { Match } from 'aws-cdk-lib/assertions';
import { environmentNames, functionsOf } from '../../../lambda/model/index.ts';
import { RestApi } from '../../../lib/index.ts';
import { deploy, dev, newApp } from '../deploy.ts';

const principals = { 'arn:aws:iam::000000000000:role/orders': { tenant: 'UA' } } as const;
const deployed = deploy({ environment: { api: { ...dev.api, front: 'rest', principals } } });
const template = deployed.templates.api;

const resources = template.findResources('AWS::ApiGateway::Resource');
const pathOf = (id: string): string => {
  const found = resources[id]?.Properties;
  const parent: string = found?.ParentId.Ref ?? '';
  return found === undefined ? '' : `${pathOf(parent)}/${found.PathPart}`;
};
/** `POST /query` → its method. */
const methods = new Map(
  Object.values(template.findResources('AWS::ApiGateway::Method')).map(({ Properties }) => [
    `${Properties.HttpMethod} ${pathOf(Properties.ResourceId.Ref)}`,
    Properties,
  ]),
);
const routes = functionsOf(deployed.catalog).flatMap(({ trigger }) =>
  trigger.kind === 'http' ? trigger.routes.map(({ method, path }) => ({ method, path })) : [],
);

describe('RestApi', () => {
  test('has each route for callers with a JWT and below /iam for those who sign, and no other', () => {
    const expected = routes.flatMap(({ method, path }) =>
      path === '/health' ? [`${method} ${path}`] : [`${method} ${path}`, `${method} /iam${path}`],
    );

    expect([...methods.keys()].sort()).toEqual(expected.sort());
  });

  test('asks the authorizer about JWTs, IAM about signatures, and nobody about health', () => {
    const kinds = Object.fromEntries(
      [...methods].map(([route, { AuthorizationType }]) => [route, AuthorizationType]),
    );

    expect(kinds).toEqual({
      'GET /health': 'NONE',
      'POST /query': 'CUSTOM',
      'POST /explain': 'CUSTOM',
      'POST /events': 'CUSTOM',
      'POST /iam/query': 'AWS_IAM',
      'POST /iam/explain': 'AWS_IAM',
      'POST /iam/events': 'AWS_IAM',
    });
    template.hasResourceProperties('AWS::ApiGateway::Authorizer', {
      Type: 'TOKEN',
      IdentitySource: 'method.request.header.Authorization',
      AuthorizerResultTtlInSeconds: 60,
      AuthorizerCredentials: Match.anyValue(),
    });
  });

  test.each(['Bearer eyJ.a-b_c.d', 'bearer x'])('starts the authorizer for %s', (credential) => {
    expect(new RegExp(validationOf()).test(credential)).toBe(true);
  });

  test.each(['', 'Basic abc', 'AWS4-HMAC-SHA256 Credential=a', 'Bearer', 'Bearer a b'])(
    "starts nothing for '%s'",
    (credential) => {
      expect(new RegExp(validationOf()).test(credential)).toBe(false);
    },
  );

  test('streams what the query function answers, by the export that streams, and nothing else', () => {
    for (const [route, { Integration }] of methods)
      expect([route, Integration.ResponseTransferMode, JSON.stringify(Integration.Uri)]).toEqual(
        route.endsWith('/events')
          ? [route, undefined, expect.stringContaining('2015-03-31')]
          : [route, 'STREAM', expect.stringMatching(/2021-11-15.*response-streaming-invocations/)],
      );
    const { functions } = deployed.templates;
    functions.hasResourceProperties('AWS::Lambda::Function', {
      Handler: 'dist/index.stream',
      Description: functionsOf(deployed.catalog).find(({ name }) => name === 'query')?.description,
    });
    expect(
      Object.keys(
        functions.findResources('AWS::Lambda::Function', { Properties: { Handler: 'dist/index.stream' } }),
      ),
    ).toHaveLength(1);
  });

  test('is throttled, traced, and writes who asked what, but no statement and no credential', () => {
    template.hasResourceProperties('AWS::ApiGateway::Stage', {
      TracingEnabled: true,
      MethodSettings: [
        Match.objectLike({
          HttpMethod: '*',
          ResourcePath: '/*',
          ThrottlingRateLimit: dev.api.requestsPerSecond,
          ThrottlingBurstLimit: dev.api.burst,
          DataTraceEnabled: false,
        }),
      ],
      AccessLogSetting: {
        Format: Match.not(Match.stringLikeRegexp('header|authorization|body|requestOverride')),
      },
    });
  });

  test('stands behind a web ACL with a rate for each address', () => {
    template.hasResourceProperties('AWS::WAFv2::WebACLAssociation', {
      ResourceArn: Match.objectLike({
        'Fn::Join': ['', Match.arrayWith([Match.stringLikeRegexp('/restapis/')])],
      }),
    });
    template.hasResourceProperties('AWS::WAFv2::WebACL', {
      Scope: 'REGIONAL',
      Rules: Match.arrayWith([
        Match.objectLike({
          Statement: {
            RateBasedStatement: { AggregateKeyType: 'IP', Limit: 30 * dev.api.requestsPerSecond },
          },
          Action: { Block: { CustomResponse: { ResponseCode: 429 } } },
        }),
      ]),
    });
  });

  test('never lets a rule block a statement for its text', () => {
    const [acl] = Object.values(template.findResources('AWS::WAFv2::WebACL'));
    const groups: readonly { name: string; counted: readonly string[] }[] = acl?.Properties.Rules.flatMap(
      ({ Statement }: { Statement: { ManagedRuleGroupStatement?: Record<string, unknown> } }) =>
        Statement.ManagedRuleGroupStatement === undefined
          ? []
          : [
              {
                name: Statement.ManagedRuleGroupStatement.Name,
                counted: (
                  (Statement.ManagedRuleGroupStatement.RuleActionOverrides ?? []) as readonly {
                    Name: string;
                    ActionToUse: { Count?: object };
                  }[]
                )
                  .filter(({ ActionToUse }) => ActionToUse.Count !== undefined)
                  .map(({ Name }) => Name),
              },
            ],
    );

    expect(groups.map(({ name }) => name)).not.toContain('AWSManagedRulesSQLiRuleSet');
    // A body of a megabyte is allowed, and this rule would stop at 8 KB.
    expect(groups.find(({ name }) => name === 'AWSManagedRulesCommonRuleSet')?.counted).toContain(
      'SizeRestrictions_BODY',
    );
  });

  test('logs what the web ACL blocks without the credential', () => {
    template.hasResourceProperties('AWS::WAFv2::LoggingConfiguration', {
      RedactedFields: [{ SingleHeader: { Name: 'authorization' } }],
    });
  });

  test('tells functions that answer requests, and no other, which principals are whom', () => {
    const told = Object.values(deployed.templates.functions.findResources('AWS::Lambda::Function'))
      .filter(({ Properties }) => environmentNames.principals in (Properties.Environment?.Variables ?? {}))
      .map(({ Properties }) => [
        Properties.Description,
        Properties.Environment.Variables[environmentNames.principals],
      ]);

    expect(told.map(([, value]) => value)).toEqual([JSON.stringify(principals), JSON.stringify(principals)]);
  });

  test('has an authorizer with no rights but its logs, in no VPC', () => {
    const { functions } = deployed.templates;
    functions.hasResourceProperties('AWS::Lambda::Function', {
      Description: 'Says to the REST API whether a JWT is good.',
      VpcConfig: Match.absent(),
      Environment: {
        Variables: Match.not(Match.objectLike({ [environmentNames.tokenSecret]: Match.anyValue() })),
      },
    });
  });

  test('is watched by the metrics that REST APIs have', () => {
    template.hasResourceProperties('AWS::CloudWatch::Alarm', {
      Metrics: Match.arrayWith([
        Match.objectLike({
          MetricStat: Match.objectLike({
            Metric: Match.objectLike({
              MetricName: '5XXError',
              Dimensions: [
                { Name: 'ApiName', Value: 'flights-dev' },
                { Name: 'Stage', Value: 'v1' },
              ],
            }),
          }),
        }),
      ]),
    });
  });

  test('fails once with all that is wrong', () => {
    const query = deployed.stacks.functions.functions.get('query');
    const build = () =>
      new RestApi(new Stack(newApp(), 'Alone'), 'Api', {
        apiName: 'alone',
        specs: [],
        functionOf: () => query,
        authorizer: query,
        burst: 0,
        encryptionKey: deployed.stacks.functions.functions.encryptionKey,
        requestsPerAddress: 9,
      });

    expect(build).toThrow(/2 problem\(s\):.*burst.*requestsPerAddress is 9/s);
  });
});

function validationOf(): string {
  const [authorizer] = Object.values(template.findResources('AWS::ApiGateway::Authorizer'));
  return authorizer?.Properties.IdentityValidationExpression;
}

describe('principals of an environment', () => {
  test('are refused behind a front that verifies no signature', () => {
    expect(() => deploy({ environment: { api: { ...dev.api, principals } } })).toThrow(
      /api\.principals are given.*use front: 'rest'/s,
    );
  });

  test('are refused all at once when they name no role or user', () => {
    const wrong = {
      'arn:aws:sts::000000000000:assumed-role/orders/s': { tenant: 'UA' },
      'arn:aws:iam::000000000000:role/a/b': { tenant: '' },
    };

    expect(() => deploy({ environment: { api: { ...dev.api, front: 'rest', principals: wrong } } })).toThrow(
      /3 problem\(s\)/,
    );
  });
});
