import type { Construct } from 'constructs';
import { combine, metric, namespaces, numbered } from './metrics.ts';
import { type AlarmSpec, type AlarmsProps, above, latency, StoreAlarms } from './store-alarms.ts';
import { thresholds } from './thresholds.ts';

export interface TableAlarmsProps extends AlarmsProps {
  readonly tableName: string;
  /** Of the dashboard, and in front of what alarms say. @default 'DynamoDB' */
  readonly title?: string;
  /** @default - none */
  readonly globalIndexes?: readonly string[];
  /** @default - CloudWatch learns what a read or write of one item takes */
  readonly baselineMs?: number;
}

/** Operations that Polystore calls, as DynamoDB names them in its metrics. */
const operations = [
  'BatchGetItem',
  'GetItem',
  'PutItem',
  'Query',
  'Scan',
  'TransactWriteItems',
  'UpdateItem',
];

/** Alarms of one DynamoDB table and its global indexes. */
export class TableAlarms extends StoreAlarms {
  constructor(scope: Construct, id: string, props: TableAlarmsProps) {
    super(scope, id, { ...props, title: props.title ?? 'DynamoDB', specs: tableSpecs(props) });
  }
}

function tableSpecs({ tableName, globalIndexes = [], baselineMs }: TableAlarmsProps): readonly AlarmSpec[] {
  const places = [
    { TableName: tableName },
    ...globalIndexes.map((index) => ({ TableName: tableName, GlobalSecondaryIndexName: index })),
  ];
  const throttles = (['Read', 'Write'] as const).flatMap((kind) =>
    combine(
      'SUM',
      `${kind}ThrottleEvents`,
      places.map((place) => metric(namespaces.dynamodb, `${kind}ThrottleEvents`, place, 'Sum')),
    ).map((events, index) => ({
      id: numbered(`${kind}Throttles`, index),
      description: `the table or an index refuses ${kind.toLowerCase()}s. A partition key is hot, or the capacity too small.`,
      graph: 'Throttle events',
      metric: events,
      bound: above(thresholds.throttles),
    })),
  );
  const ofOperation = (name: string, operation: string, statistic: 'Average' | 'Sum') =>
    metric(namespaces.dynamodb, name, { TableName: tableName, Operation: operation }, statistic);
  return [
    ...throttles,
    ...combine(
      'SUM',
      'SystemErrors',
      operations.map((operation) => ofOperation('SystemErrors', operation, 'Sum')),
    ).map((errors, index) => ({
      id: numbered('SystemErrors', index),
      description: 'DynamoDB answers with errors of its own (HTTP 500).',
      graph: 'SystemErrors',
      metric: errors,
      bound: above(thresholds.serverErrors),
    })),
    ...(['GetItem', 'PutItem', 'Query'] as const).map((operation) => ({
      id: `${operation}Latency`,
      description: `${operation} takes far longer than it uses to.`,
      graph: 'SuccessfulRequestLatency, ms',
      metric: ofOperation('SuccessfulRequestLatency', operation, 'Average'),
      bound: latency(baselineMs),
    })),
  ];
}
