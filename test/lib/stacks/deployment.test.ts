import { describe, expect, jest, test } from '@jest/globals';
import { Stage } from 'aws-cdk-lib';
import { Annotations, Match, Template } from 'aws-cdk-lib/assertions';
import { aurora, compile, entity, model, redis, text as words } from '../../../lambda/model/index.ts';
import { createDeployment, selectEnvironment } from '../../../lib/index.ts';
import flights from '../../../model/flights.ts';
import { writeCapture } from '../capture-options.ts';
import {
  deploy,
  dev,
  everything,
  newApp,
  stackOf,
  templateOf,
  temporaryFolder,
  writeCode,
} from '../deploy.ts';
import { environmentFor } from '../environment-for.ts';

const deployed = deploy({ catalog: everything });
const { stacks, parts } = deployed;
const text = parts.map((part) => JSON.stringify(templateOf(deployed, part).toJSON())).join('\n');

/**
 * Paths of constructs begin with the stage. They are in metadata, in the network's `Name` tags, which change in place,
 * and in the ids of what lets a rule's events invoke a function: another one is made before the old one goes.
 */
const withoutStage = (template: Template): unknown =>
  JSON.parse(
    JSON.stringify(template.toJSON())
      .replaceAll('"Anything/', '"')
      .replaceAll(/AllowEventRule\w+/g, 'AllowEventRule'),
  );

describe('a deployment in a stage', () => {
  test('has the same stacks with the same templates as in an app', () => {
    const catalog = everything;
    const inStage = createDeployment(new Stage(newApp(), 'Anything'), {
      catalog,
      environment: environmentFor(catalog, dev),
      codeFolder: writeCode(catalog),
      capture: writeCapture(catalog, temporaryFolder()),
      destroyConsent: undefined,
      context: {},
    });

    for (const part of parts) {
      const stack = stackOf({ stacks: inStage }, part);
      expect(stack.stackName).toBe(stackOf(deployed, part).stackName);
      expect(withoutStage(Template.fromStack(stack))).toEqual(withoutStage(templateOf(deployed, part)));
    }
  });
});

describe('a deployment', () => {
  test('names its stacks by model, environment and part', () => {
    const names = parts.map((part) => stackOf(deployed, part).stackName);

    expect(names).toEqual([
      'Everything-Dev-Alarms',
      'Everything-Dev-Network',
      'Everything-Dev-Relational',
      'Everything-Dev-Table',
      'Everything-Dev-Cache',
      'Everything-Dev-Log',
      'Everything-Dev-WideColumn',
      'Everything-Dev-Search',
      'Everything-Dev-Archive',
      'Everything-Dev-Functions',
      'Everything-Dev-Capture',
      'Everything-Dev-Api',
    ]);
  });

  test('has no stack for a store that the model has no view in', () => {
    const note = entity('note', {
      key: ['owner', 'id'],
      tenant: 'owner',
      fields: { owner: words(), id: words() },
      source: aurora(),
      views: { card: redis.hash({ by: ['owner'] }) },
    });

    const found = deploy({ catalog: compile(model('notes', [note])) });

    expect(found.parts).toEqual([
      'alarms',
      'network',
      'relational',
      'table',
      'cache',
      'log',
      'functions',
      'capture',
      'api',
    ]);
    found.templates.network.resourcePropertiesCountIs(
      'AWS::EC2::VPCEndpoint',
      {
        ServiceName: Match.objectLike({
          'Fn::Join': ['', Match.arrayWith([Match.stringLikeRegexp('cassandra|s3')])],
        }),
      },
      0,
    );
  });

  test('knows no account and no region', () => {
    expect(text).not.toMatch(/\b\d{12}\b/);
    expect(text).not.toMatch(/\b(us|eu|ap|sa|ca|me|af)-(north|south|east|west|central)[a-z]*-\d\b/);
  });

  test('holds no secret', () => {
    expect(text).not.toMatch(/"(MasterUserPassword|SecretString|AuthToken)"/);
  });

  test('tags what it makes with the model, the environment and the part', () => {
    const untagged = parts.filter((part) => {
      const template = JSON.stringify(templateOf(deployed, part).toJSON());
      // Most resources take a list of tags, the HTTP API a map.
      const tagged = (name: string, value: string): boolean =>
        template.includes(`{"Key":"${name}","Value":"${value}"}`) ||
        template.includes(`"${name}":"${value}"`);
      return (
        !tagged('polystore:model', 'everything') ||
        !tagged('polystore:environment', 'dev') ||
        !tagged('polystore:part', part)
      );
    });

    expect(untagged).toEqual([]);
  });

  test('tags its stacks with the model and the environment, so that commands know whose they are', () => {
    for (const part of parts)
      expect(stackOf(deployed, part).tags.tagValues()).toMatchObject({
        'polystore:model': 'everything',
        'polystore:environment': 'dev',
      });
  });

  test('protects its stacks from termination', () => {
    for (const part of parts) expect(stackOf(deployed, part).terminationProtection).toBe(true);
  });

  test('is the same when it is synthesised again', () => {
    const again = deploy({ catalog: everything });

    for (const part of parts)
      expect(templateOf(again, part).toJSON()).toEqual(templateOf(deployed, part).toJSON());
  });

  test('lets the stacks of stores depend on the network and on who is told only', () => {
    for (const part of parts.filter((part) => !['functions', 'capture', 'api'].includes(part)))
      for (const other of stackOf(deployed, part).dependencies)
        expect([stacks.network, stacks.alarms]).toContain(other);
  });

  test('warns of the example issuer, with which the API refuses everybody', () => {
    // The CDK prints its warnings too.
    jest.spyOn(console, 'error').mockImplementation(() => {});
    const { api } = createDeployment(newApp(), {
      catalog: compile(flights),
      environment: selectEnvironment('dev'),
      codeFolder: writeCode(compile(flights)),
      capture: writeCapture(compile(flights), temporaryFolder()),
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
    const destroyed = deploy({ catalog: everything, destroyConsent: 'dev' });

    for (const part of parts) {
      expect(stackOf(destroyed, part).terminationProtection).toBe(false);
      // The CDK keeps the log of its own custom resources, which hold no data of ours.
      for (const [id, resource] of Object.entries<{ readonly DeletionPolicy?: string }>(
        templateOf(destroyed, part).toJSON().Resources,
      ))
        if (!id.startsWith('AWS679f53fac002430cb0da5b7982bd2287'))
          expect([id, resource.DeletionPolicy ?? 'Delete']).toEqual([id, 'Delete']);
    }
  });
});
