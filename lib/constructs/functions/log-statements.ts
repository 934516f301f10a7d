import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Catalog, FunctionName, FunctionSpec } from '../../../lambda/model/index.ts';
import { allowOnLog as allow, type ChangeLog, connectToLog as connect } from '../change-log/index.ts';

/**
 * Rights on MSK, by the actions of its IAM access control
 * (docs.aws.amazon.com/msk/latest/developerguide/kafka-actions.html).
 */

/**
 * The consumer group of one trigger: of its own, so that a topic's position is moved by nothing else,
 * and named, so that a trigger that is made anew goes on where the old one was.
 */
export const consumerGroupOf = (catalog: Catalog, functionName: FunctionName, topic: string): string =>
  `${catalog.name}-${functionName}-${topic}`;

/** For Lambda's pollers, which act in the function's name, of these topics only. */
export function readTopics(options: {
  readonly functionName: FunctionName;
  readonly topics: readonly string[];
  readonly catalog: Catalog;
  readonly log: ChangeLog;
}): readonly PolicyStatement[] {
  const { functionName, topics, catalog, log } = options;
  return [
    connect(log, 'DescribeClusterDynamicConfiguration'),
    allow(
      ['DescribeTopic', 'ReadData'],
      topics.map((topic) => log.arnOf('topic', topic)),
    ),
    allow(
      ['AlterGroup', 'DescribeGroup'],
      topics.map((topic) => log.arnOf('group', consumerGroupOf(catalog, functionName, topic))),
    ),
    new PolicyStatement({
      actions: ['kafka:DescribeCluster', 'kafka:DescribeClusterV2', 'kafka:GetBootstrapBrokers'],
      resources: [log.clusterArn],
    }),
    new PolicyStatement({
      // Where to put the pollers' interfaces; these actions know no resource.
      actions: ['ec2:DescribeSecurityGroups', 'ec2:DescribeSubnets', 'ec2:DescribeVpcs'],
      resources: ['*'],
    }),
  ];
}

/** For capture, the topics of DynamoDB's entities; for ingest, those whose events come from callers. */
export function writeTopics(
  spec: FunctionSpec,
  catalog: Catalog,
  log: ChangeLog,
): readonly PolicyStatement[] {
  const kind = spec.trigger.kind === 'dynamodb-stream' ? 'dynamodb.source' : 'kafka.source';
  const topics = catalog.entities
    .filter((entity) => entity.source.kind === kind)
    .map((entity) => log.arnOf('topic', entity.topic));
  return topics.length === 0
    ? []
    : [connect(log, 'WriteDataIdempotently'), allow(['DescribeTopic', 'WriteData'], topics)];
}

/** For comparing and filling views: it reads any topic from any offset, and joins no group. */
export const lookIntoTopics = (catalog: Catalog, log: ChangeLog): readonly PolicyStatement[] => [
  connect(log),
  allow(
    ['DescribeTopic', 'ReadData'],
    catalog.entities.map(({ topic }) => log.arnOf('topic', topic)),
  ),
];

/** For the schema function: topics of the model and Debezium's heartbeats, which it makes but never reads. */
export const makeTopics = (catalog: Catalog, log: ChangeLog): readonly PolicyStatement[] => [
  connect(log),
  allow(
    [
      'AlterTopic',
      'AlterTopicDynamicConfiguration',
      'CreateTopic',
      'DescribeTopic',
      'DescribeTopicDynamicConfiguration',
    ],
    [
      log.arnOf('topic', `${catalog.name}.changes.*`),
      log.arnOf('topic', `__debezium-heartbeat.${catalog.name}`),
    ],
  ),
];
