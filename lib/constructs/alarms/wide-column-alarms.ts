import type { Construct } from 'constructs';
import { combine, metric, namespaces, numbered } from './metrics.ts';
import { type AlarmSpec, type AlarmsProps, above, latency, StoreAlarms } from './store-alarms.ts';
import { thresholds } from './thresholds.ts';

export interface WideColumnAlarmsProps extends AlarmsProps {
  readonly keyspaceName: string;
  /** Names of the tables. */
  readonly tables: readonly string[];
  /** Milliseconds that a statement takes. @default - CloudWatch learns it */
  readonly baselineMs?: number;
}

const operations = { reads: ['SELECT'], writes: ['INSERT', 'UPDATE', 'DELETE'] } as const;
const all = [...operations.reads, ...operations.writes];

/** Alarms of the tables of a keyspace in Amazon Keyspaces. */
export class WideColumnAlarms extends StoreAlarms {
  constructor(scope: Construct, id: string, props: WideColumnAlarmsProps) {
    super(scope, id, { ...props, title: 'Keyspaces', specs: wideColumnSpecs(props) });
  }
}

function wideColumnSpecs({ keyspaceName, tables, baselineMs }: WideColumnAlarmsProps): readonly AlarmSpec[] {
  const of = (name: string, table: string, operation: string, statistic: 'Average' | 'Sum') =>
    metric(
      namespaces.keyspaces,
      name,
      { Keyspace: keyspaceName, TableName: table, Operation: operation },
      statistic,
    );
  const none = (id: string, name: string, of_: readonly string[], description: string): AlarmSpec[] =>
    combine(
      'SUM',
      name,
      tables.flatMap((table) => of_.map((operation) => of(name, table, operation, 'Sum'))),
    ).map((sum, index) => ({
      id: numbered(id, index),
      description,
      graph: name,
      metric: sum,
      bound: above(thresholds.throttles),
    }));
  return [
    ...none(
      'ReadThrottles',
      'ReadThrottleEvents',
      operations.reads,
      'a table refuses reads for want of capacity.',
    ),
    ...none(
      'WriteThrottles',
      'WriteThrottleEvents',
      operations.writes,
      'a table refuses writes for want of capacity.',
    ),
    ...none(
      'HotPartitions',
      'StoragePartitionThroughputCapacityExceeded',
      all,
      'a partition is asked for more than 3,000 reads or 1,000 writes a second: spread it by its sub-buckets.',
    ),
    ...none(
      'BusyConnections',
      'PerConnectionRequestRateExceeded',
      all,
      'a connection carries more than 3,000 requests a second.',
    ),
    ...none('SystemErrors', 'SystemErrors', all, 'Keyspaces answers with errors of its own.'),
    ...tables.map((table) => ({
      id: `Latency-${table}`,
      description: `reads of ${table} take far longer than they use to.`,
      graph: 'SuccessfulRequestLatency of SELECT, ms',
      metric: of('SuccessfulRequestLatency', table, 'SELECT', 'Average'),
      bound: latency(baselineMs),
    })),
  ];
}
