import { Duration } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';

/**
 * Namespaces, and where AWS documents the metrics, their units and dimensions that are used here
 * (docs.aws.amazon.com). Every name was looked up there: test/lib/stacks/documented-metrics.test.ts has them all.
 */
export const namespaces = {
  /** AmazonRDS/latest/AuroraUserGuide/Aurora.AuroraMonitoring.Metrics.html and …/dimensions.html */
  rds: 'AWS/RDS',
  /** amazondynamodb/latest/developerguide/metrics-dimensions.html */
  dynamodb: 'AWS/DynamoDB',
  /** AmazonElastiCache/latest/dg/CacheMetrics.Redis.html and …/CacheMetrics.HostLevel.html */
  elasticache: 'AWS/ElastiCache',
  /** msk/latest/developerguide/metrics-details.html, all at the level DEFAULT */
  kafka: 'AWS/Kafka',
  /** msk/latest/developerguide/mkc-monitoring-overview.html */
  kafkaConnect: 'AWS/KafkaConnect',
  /** opensearch-service/latest/developerguide/managedomains-cloudwatchmetrics.html */
  opensearch: 'AWS/ES',
  /** keyspaces/latest/devguide/metrics-dimensions.html */
  keyspaces: 'AWS/Cassandra',
  /** AmazonS3/latest/userguide/metrics-dimensions.html, request metrics */
  s3: 'AWS/S3',
  /** lambda/latest/dg/monitoring-metrics-types.html */
  lambda: 'AWS/Lambda',
  /** apigateway/latest/developerguide/http-api-metrics.html and …/api-gateway-metrics-and-dimensions.html */
  apiGateway: 'AWS/ApiGateway',
  /** elasticloadbalancing/latest/application/load-balancer-cloudwatch-metrics.html */
  balancer: 'AWS/ApplicationELB',
} as const;

type Statistic = 'Maximum' | 'Minimum' | 'Average' | 'Sum' | 'p99';

export const metric = (
  namespace: string,
  metricName: string,
  dimensionsMap: Readonly<Record<string, string>>,
  statistic: Statistic,
): cloudwatch.Metric =>
  new cloudwatch.Metric({
    namespace,
    metricName,
    dimensionsMap: { ...dimensionsMap },
    statistic,
    period: Duration.minutes(1),
  });

/** How many metrics the expression of an alarm may use (docs.aws.amazon.com/AmazonCloudWatch, CloudWatch quotas). */
const mostInAlarm = 10;

/**
 * One metric for every ten at most that are given: their greatest, least or sum. What is one stays as it is.
 * A gap counts as nothing in a sum.
 */
export function combine(
  kind: 'MAX' | 'MIN' | 'SUM',
  label: string,
  metrics: readonly cloudwatch.Metric[],
): readonly cloudwatch.IMetric[] {
  const chunks = Array.from({ length: Math.ceil(metrics.length / mostInAlarm) }, (_, index) =>
    metrics.slice(index * mostInAlarm, (index + 1) * mostInAlarm),
  );
  return chunks.map((chunk, number) => {
    const [only] = chunk;
    if (only !== undefined && chunk.length === 1) return only;
    // One graph may hold several of these, and takes a name once.
    const names = chunk.map((_, index) => `${variable(label)}${number}_${index}`);
    const of = kind === 'SUM' ? names.map((name) => `FILL(${name}, 0)`) : names;
    return new cloudwatch.MathExpression({
      label,
      expression: kind === 'SUM' ? of.join(' + ') : `${kind}([${of.join(', ')}])`,
      usingMetrics: Object.fromEntries(chunk.map((each, index) => [names[index], each])),
      period: Duration.minutes(1),
    });
  });
}

/** What an expression calls a metric: begins with a small letter. */
export const variable = (metricName: string): string =>
  `${metricName.charAt(0).toLowerCase()}${metricName.slice(1).replace(/\W/g, '')}`;

/** `Cpu`, and `Cpu2` for a second chunk of ten: ids of alarms that `combine` made several of. */
export const numbered = (id: string, index: number): string => (index === 0 ? id : `${id}${index + 1}`);
