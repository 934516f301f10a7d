import { describe, expect, jest, test } from '@jest/globals';
import { Annotations, Match } from 'aws-cdk-lib/assertions';
import { compile } from '../../../lambda/model/index.ts';
import { createDeployment, selectEnvironment } from '../../../lib/index.ts';
import flights from '../../../model/flights.ts';
import { deploy, newApp, parts, writeCode } from '../deploy.ts';

const { stacks, templates } = deploy();
const text = parts.map((part) => JSON.stringify(templates[part].toJSON())).join('\n');

describe('a deployment', () => {
  test('names its stacks by model, environment and part', () => {
    const names = parts.map((part) => stacks[part].stackName);

    expect(names).toEqual([
      'Flights-Dev-Network',
      'Flights-Dev-Relational',
      'Flights-Dev-Table',
      'Flights-Dev-Cache',
      'Flights-Dev-Log',
      'Flights-Dev-Functions',
      'Flights-Dev-Api',
    ]);
  });

  test('knows no account and no region', () => {
    expect(text).not.toMatch(/\b\d{12}\b/);
    expect(text).not.toMatch(/\b(us|eu|ap|sa|ca|me|af)-(north|south|east|west|central)[a-z]*-\d\b/);
  });

  test('holds no secret', () => {
    expect(text).not.toMatch(/"(MasterUserPassword|SecretString|AuthToken)"/);
  });

  test('tags what it makes with the model and the environment', () => {
    const untagged = parts.filter((part) => {
      const template = JSON.stringify(templates[part].toJSON());
      // Most resources take a list of tags, the HTTP API a map.
      const tagged = (name: string, value: string): boolean =>
        template.includes(`{"Key":"${name}","Value":"${value}"}`) ||
        template.includes(`"${name}":"${value}"`);
      return !tagged('polystore:model', 'flights') || !tagged('polystore:environment', 'dev');
    });

    expect(untagged).toEqual([]);
  });

  test('protects its stacks from termination', () => {
    for (const part of parts) expect(stacks[part].terminationProtection).toBe(true);
  });

  test('is the same when it is synthesised again', () => {
    const again = deploy().templates;

    for (const part of parts) expect(again[part].toJSON()).toEqual(templates[part].toJSON());
  });

  test('lets the stacks of stores depend on the network only', () => {
    for (const part of ['relational', 'table', 'cache', 'log'] as const)
      for (const other of stacks[part].dependencies) expect(other).toBe(stacks.network);
  });

  test('warns of the example issuer, with which the API refuses everybody', () => {
    // The CDK prints its warnings too.
    jest.spyOn(console, 'error').mockImplementation(() => {});
    const { api } = createDeployment(newApp(), {
      catalog: compile(flights),
      environment: selectEnvironment('dev'),
      codeFolder: writeCode(compile(flights)),
      destroyConsent: undefined,
      context: {},
    });

    Annotations.fromStack(api).hasWarning('*', Match.stringLikeRegexp('is an example: the API will refuse'));
  });

  test('tells its functions what context says in place of the stacks, and warns of it', () => {
    jest.spyOn(console, 'error').mockImplementation(() => {});
    const overridden = deploy({
      context: {
        POLYSTORE_REDIS_TLS: 'off',
        POLYSTORE_LOG_BROKERS: '127.0.0.1:9092',
        POLYSTORE_JWT_ISSUER: 'https://127.0.0.1:1/',
      },
    });

    overridden.templates.functions.hasResourceProperties('AWS::Lambda::Function', {
      Environment: {
        Variables: Match.objectLike({
          POLYSTORE_REDIS: Match.anyValue(),
          POLYSTORE_REDIS_TLS: 'off',
          POLYSTORE_LOG_BROKERS: '127.0.0.1:9092',
          POLYSTORE_JWT_ISSUER: 'https://127.0.0.1:1/',
        }),
      },
    });
    overridden.templates.api.hasResourceProperties('AWS::ApiGatewayV2::Authorizer', {
      JwtConfiguration: { Issuer: 'https://127.0.0.1:1/' },
    });
    Annotations.fromStack(overridden.stacks.functions).hasWarning(
      '*',
      Match.stringLikeRegexp('POLYSTORE_REDIS_TLS, POLYSTORE_LOG_BROKERS, POLYSTORE_JWT_ISSUER'),
    );
  });

  test('can be destroyed as a whole once both consents are given', () => {
    const destroyed = deploy({ destroyConsent: 'dev' });

    for (const part of parts) {
      expect(destroyed.stacks[part].terminationProtection).toBe(false);
      // The CDK keeps the log of its own custom resources, which hold no data of ours.
      for (const [id, resource] of Object.entries<{ readonly DeletionPolicy?: string }>(
        destroyed.templates[part].toJSON().Resources,
      ))
        if (!id.startsWith('AWS679f53fac002430cb0da5b7982bd2287'))
          expect([id, resource.DeletionPolicy ?? 'Delete']).toEqual([id, 'Delete']);
    }
  });
});
