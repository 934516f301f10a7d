import { describe, expect, test } from '@jest/globals';
import { compile, entity, kafka, model, text } from '../../../lambda/model/index.ts';
import { heartbeatTopic, renderConnector, renderTopics } from '../../../lambda/stores/kafka/index.ts';
import flights from '../../../model/flights.ts';

const catalog = compile(flights);
const options = {
  host: 'writer',
  port: 5432,
  database: 'polystore',
  user: 'capture',
  password: undefined,
  tls: 'verify-full',
  generation: 2,
} as const;

/** What Connect's RegexRouter does to a topic's name. */
const route = (config: Readonly<Record<string, string>>, topic: string): string =>
  topic.replace(
    new RegExp(`^(?:${config['transforms.route.regex']})$`),
    config['transforms.route.replacement'] ?? '',
  );

describe('the Debezium configuration of a model', () => {
  const config = renderConnector(catalog, options) ?? {};

  test('captures the Aurora sources and nothing else', () => {
    expect(config['table.include.list']).toBe('source\\.airport,source\\.aircraft,source\\.carrier');
  });

  test.each(['airport', 'aircraft', 'carrier'])(
    'routes the table of %s to the topic of its entity',
    (name) => {
      const topic = catalog.entities.find((candidate) => candidate.name === name)?.topic;

      expect(route(config, `${catalog.name}.source.${name}`)).toBe(topic);
    },
  );

  test('leaves the heartbeats in their topic, which is among the topics made', () => {
    expect(route(config, heartbeatTopic(catalog))).toBe(heartbeatTopic(catalog));
    expect(renderTopics(catalog).map(({ name }) => name)).toContain(heartbeatTopic(catalog));
  });

  test('stamps the generation it was given', () => {
    expect(config['transforms.generation.value.literal']).toBe('2');
  });

  test('holds texts only, as Connect wants it, and no password where none is asked', () => {
    expect(Object.values(config).every((value) => typeof value === 'string')).toBe(true);
    expect(Object.keys(config)).not.toContain('database.password');
  });

  test('is not there for a model without Aurora sources', () => {
    const events = compile(
      model('events', [
        entity('event', { key: ['owner'], tenant: 'owner', fields: { owner: text() }, source: kafka() }),
      ]),
    );

    expect(renderConnector(events, options)).toBeUndefined();
    expect(renderTopics(events).map(({ name }) => name)).toEqual(['events.changes.event']);
  });
});

test('every entity has its topic: not compacted, seven days, log-append time', () => {
  const topics = renderTopics(catalog);

  for (const { topic, topicPartitions } of catalog.entities)
    expect(topics.find(({ name }) => name === topic)).toMatchObject({
      partitions: topicPartitions,
      config: {
        'cleanup.policy': 'delete',
        'retention.ms': '604800000',
        'message.timestamp.type': 'LogAppendTime',
      },
    });
});

test('topics that are tiered say how long a record stays on the volumes; heartbeats are too short for it', () => {
  const topics = renderTopics(catalog, { localRetentionHours: 12 });

  for (const { topic } of catalog.entities)
    expect(topics.find(({ name }) => name === topic)?.config).toMatchObject({
      'remote.storage.enable': 'true',
      'local.retention.ms': '43200000',
      'retention.ms': '604800000',
    });
  expect(topics.find(({ name }) => name === heartbeatTopic(catalog))?.config).not.toHaveProperty(
    'remote.storage.enable',
  );
  expect(renderTopics(catalog).some(({ config }) => 'local.retention.ms' in config)).toBe(false);
});
