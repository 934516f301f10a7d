import { describe, expect, test } from '@jest/globals';
import { Annotations, Match } from 'aws-cdk-lib/assertions';
import fc from 'fast-check';
import { compile, functionsOf } from '../../../lambda/model/index.ts';
import { Problems } from '../../../lambda/model/problems.ts';
import {
  checkCapacityNeeds,
  concurrencyOf,
  needsOf,
  totalOf,
} from '../../../lib/constructs/functions/capacity.ts';
import { connectionLimitsOf } from '../../../lib/constructs/functions/connection-limits.ts';
import { reservationsOf, reservationsWithin } from '../../../lib/constructs/functions/reservations.ts';
import { connectionsOf } from '../../../lib/constructs/relational-store/connections.ts';
import flights from '../../../model/flights.ts';
import { deploy, environmentOf } from '../deploy.ts';

const catalog = compile(flights);
const load = { requestsPerSecond: 100, secondsPerRequest: 0.25, streamShards: 4 };
const anyLoad = fc.record({
  requestsPerSecond: fc.integer({ min: 1, max: 10_000 }),
  secondsPerRequest: fc.double({ min: 0.001, max: 29, noNaN: true }),
  streamShards: fc.integer({ min: 1, max: 1_000 }),
});

describe('what functions need', () => {
  test.each(functionsOf(catalog).filter(({ trigger }) => trigger.kind === 'change-log'))(
    '$name runs a copy for each partition of its topics, whatever the API takes',
    (spec) => {
      const topics = spec.trigger.kind === 'change-log' ? spec.trigger.topics : [];
      const partitions = catalog.entities
        .filter(({ topic }) => topics.includes(topic))
        .reduce((sum, { topicPartitions }) => sum + topicPartitions, 0);

      fc.assert(
        fc.property(anyLoad, (any) => {
          expect(concurrencyOf(spec, catalog, any)).toBe(partitions);
        }),
      );
      expect(partitions).toBeGreaterThan(0);
    },
  );

  test('grows with the load and never shrinks, in copies and in connections', () => {
    fc.assert(
      fc.property(anyLoad, fc.integer({ min: 1, max: 10 }), (any, factor) => {
        const more = {
          ...any,
          requestsPerSecond: any.requestsPerSecond * factor,
          streamShards: any.streamShards * factor,
        };
        const before = needsOf(catalog, any);

        for (const [index, need] of needsOf(catalog, more).entries()) {
          expect(need.concurrency).toBeGreaterThanOrEqual(before[index]?.concurrency ?? Infinity);
          expect(need.writerConnections).toBeGreaterThanOrEqual(before[index]?.writerConnections ?? Infinity);
          expect(need.readerConnections).toBeGreaterThanOrEqual(before[index]?.readerConnections ?? Infinity);
        }
      }),
    );
  });

  test('is connections of those alone that write Aurora: copies times pool', () => {
    const needs = new Map(needsOf(catalog, load).map((need) => [need.name, need]));

    expect(needs.get('query')).toEqual({
      name: 'query',
      concurrency: 25,
      answersRequests: true,
      writerConnections: 100,
      readerConnections: 100,
    });
    // As many as are reserved for it; who waits for it reads no archive meanwhile.
    expect(needs.get('combine')).toMatchObject({ concurrency: 16, writerConnections: 64 });
    expect(needs.get('read-archive')?.concurrency).toBe(25 + (needs.get('project')?.concurrency ?? 0));
    expect(needs.get('apply-redis')?.writerConnections).toBe(0);
    expect(needs.get('capture')?.concurrency).toBe(4);
  });

  test('counts the rate of the API once, though two functions answer requests', () => {
    const needs = needsOf(catalog, load);
    const others = needs.filter(({ answersRequests }) => !answersRequests);

    expect(needs.filter(({ answersRequests }) => answersRequests)).toHaveLength(2);
    expect(totalOf(needs, ({ concurrency }) => concurrency)).toBe(
      25 + others.reduce((sum, { concurrency }) => sum + concurrency, 0),
    );
  });

  test('is refused exactly above 80 % of what there is, by name and with what to do', () => {
    fc.assert(
      fc.property(anyLoad, fc.integer({ min: 1, max: 20_000 }), (any, accountConcurrency) => {
        const needs = needsOf(catalog, any);
        const problems = new Problems();
        checkCapacityNeeds(needs, { accountConcurrency, connections: [] }, problems);

        const total = totalOf(needs, ({ concurrency }) => concurrency);
        expect(problems.all.length).toBe(total > 0.8 * accountConcurrency ? 1 : 0);
      }),
    );
  });

  test('is checked at synth', () => {
    const { functions, api } = environmentOf('dev');
    const build = () =>
      deploy({
        environment: {
          functions: { ...functions, accountConcurrency: 10 },
          api: { ...api, requestsPerSecond: 4_000 },
        },
      });

    expect(build).toThrow(
      /3 problem\(s\):.*functions\.accountConcurrency needed are.*query 1000.*connections of the writer needed are.*connections of the shared readers needed are.*query 4000/s,
    );
  });
});

describe('what the addresses of Aurora take', () => {
  const member = (connections: number | undefined, workload?: 'analytics', isBounded = false) => ({
    ...{ identifier: 'i', resourceId: 'db-i', memoryGib: undefined },
    ...{ connections, workload, isBounded },
  });
  const limits = (...members: ReturnType<typeof member>[]) =>
    Object.fromEntries(connectionLimitsOf(members).map(({ of, ...limit }) => [of, limit]));
  const reads = { writes: false, reads: true };

  test('is the sum of the readers behind an address', () => {
    expect(limits(member(100), member(10), member(20), member(3, 'analytics'))).toEqual({
      'the writer': { most: 100, serves: { writes: true, reads: false } },
      'the shared readers': { most: 30, serves: reads },
      'the readers for analytics': { most: 3, serves: reads },
    });
  });

  test("is the writer's where a workload has no reader", () => {
    expect(limits(member(100), member(3, 'analytics'))['the writer']).toEqual({
      most: 100,
      serves: { writes: true, reads: true },
    });
  });

  test('is not held against readers that were bounded on purpose, or of which nothing is known', () => {
    const found = limits(member(100), member(40, 'analytics', true), member(undefined));

    expect(found['the readers for analytics']?.most).toBeUndefined();
    expect(found['the shared readers']?.most).toBeUndefined();
  });

  test('is refused where reads that go to the writer are too many for it, by name', () => {
    const problems = new Problems();
    const connections = connectionLimitsOf([member(200)]);

    checkCapacityNeeds(needsOf(catalog, load), { accountConcurrency: 100_000, connections }, problems);

    expect(problems.all).toEqual([expect.stringMatching(/connections of the writer needed are .*query 200/)]);
  });
});

describe('what is reserved', () => {
  const reservations = reservationsOf(catalog);

  test('is a copy for each partition of what applies the log, and none of what answers requests', () => {
    for (const spec of functionsOf(catalog).filter(({ trigger }) => trigger.kind === 'change-log')) {
      const callers = spec.name === 'apply-archive' ? (reservations.get('project') ?? 0) : 0;
      expect(reservations.get(spec.name)).toBe(concurrencyOf(spec, catalog, load) + callers);
    }
    expect([...reservations.keys()]).not.toContain('query');
    expect([...reservations.keys()]).not.toContain('capture');
  });

  test('leaves the 100 that Lambda asks for, or nothing is', () => {
    const total = [...reservations.values()].reduce((sum, each) => sum + each, 0);
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 3_000 }), (account) => {
        expect(reservationsWithin(catalog, account) !== undefined).toBe(total + 100 <= account);
      }),
    );
  });

  test('is in the templates, unless the account has too few, of which synth warns', () => {
    const { functions } = environmentOf('dev');
    const of = (deployed: ReturnType<typeof deploy>) =>
      Object.values(deployed.templates.functions.findResources('AWS::Lambda::Function')).flatMap(
        ({ Properties }) => Properties.ReservedConcurrentExecutions ?? [],
      );
    const few = deploy({
      environment: {
        functions: { ...functions, accountConcurrency: 150 },
        api: { ...environmentOf('dev').api, requestsPerSecond: 4 },
      },
    });

    expect(of(deploy()).sort()).toEqual([...reservations.values()].sort());
    expect(of(few)).toEqual([]);
    Annotations.fromStack(few.stacks.functions).hasWarning(
      '*',
      Match.stringLikeRegexp('No executions are reserved for any function.*150 at once'),
    );
  });
});

describe('connections that an instance takes', () => {
  // docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide, Aurora Serverless v2, Maximum connections.
  test.each([
    [1, 189],
    [4, 823],
    [8, 1_669],
    [16, 3_360],
    [32, 5_000],
    [256, 5_000],
  ])('of at most %i units: %i, as AWS documents', (maximumAcu, connections) => {
    expect(connectionsOf('serverless', { minimumAcu: 1, maximumAcu })).toBe(connections);
  });

  test('are 2,000 at most where the least capacity is half a unit', () => {
    expect(connectionsOf('serverless', { minimumAcu: 0.5, maximumAcu: 64 })).toBe(2_000);
    expect(connectionsOf('r8g.large', { minimumAcu: 0.5, maximumAcu: 64 })).toBe(1_669);
    expect(connectionsOf('r99.large', { minimumAcu: 0.5, maximumAcu: 64 })).toBeUndefined();
  });
});
