import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { compile, functionsOf } from '../../../lambda/model/index.ts';
import { Problems } from '../../../lambda/model/problems.ts';
import {
  checkCapacityNeeds,
  concurrencyOf,
  needsOf,
  totalOf,
} from '../../../lib/constructs/functions/capacity.ts';
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
    });
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
        checkCapacityNeeds(needs, { accountConcurrency, writerConnections: undefined }, problems);

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
      /2 problem\(s\):.*functions\.accountConcurrency needed are.*query 1000.*connections of the writer needed are/s,
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
