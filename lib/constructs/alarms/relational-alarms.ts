import { Annotations, Duration } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import type { Construct } from 'constructs';
import { type Workload, workloads } from '../../../lambda/model/index.ts';
import { pascalCase } from '../pascal-case.ts';
import { combine, metric, namespaces, numbered } from './metrics.ts';
import { type AlarmSpec, type AlarmsProps, above, below, latency, StoreAlarms } from './store-alarms.ts';
import { lagTargetMs, thresholds } from './thresholds.ts';

/** A database instance, as alarms know it. */
export interface WatchedInstance {
  readonly identifier: string;
  /** `db-…`, by which Performance Insights knows it. @default - io wait is not looked at */
  readonly resourceId?: string;
  /** Of its class, or of the most that a serverless one scales to. @default - memory is not looked at */
  readonly memoryGib?: number | undefined;
  /** `max_connections`. @default - connections are not looked at */
  readonly connections?: number | undefined;
  /** Whose reads it serves. @default - any, or it is the writer */
  readonly workload?: Workload | undefined;
}

export interface RelationalAlarmsProps extends AlarmsProps {
  readonly clusterIdentifier: string;
  readonly instances: readonly WatchedInstance[];
  /**
   * Milliseconds that a commit takes, and a read of the volume, as measured when all was well.
   * @default - CloudWatch learns them
   */
  readonly baselineMs?: { readonly commit: number; readonly read: number };
}

/**
 * Alarms of an Aurora PostgreSQL cluster. Processor, lag, write-ahead log and latency are those of the cluster's
 * worst instance; memory, connections and io wait of each size of instance. Io wait comes from Enhanced Monitoring
 * by way of Performance Insights: both have to be on.
 */
export class RelationalAlarms extends StoreAlarms {
  constructor(scope: Construct, id: string, props: RelationalAlarmsProps) {
    super(scope, id, { ...props, title: 'Aurora', specs: relationalSpecs(props) });
    // The CDK takes the words in the texts of DB_PERF_INSIGHTS for names of metrics.
    Annotations.of(this).acknowledgeWarning('CloudWatch:Math:UnknownIdentifier', 'texts, not metrics');
  }
}

function relationalSpecs(props: RelationalAlarmsProps): readonly AlarmSpec[] {
  const { clusterIdentifier, instances, baselineMs } = props;
  const ofCluster = (name: string, statistic: 'Maximum' | 'Average', role?: 'WRITER' | 'READER') =>
    metric(
      namespaces.rds,
      name,
      { DBClusterIdentifier: clusterIdentifier, ...(role !== undefined && { Role: role }) },
      statistic,
    );
  const ofInstance = (name: string, { identifier }: WatchedInstance, statistic: 'Maximum' | 'Minimum') =>
    metric(namespaces.rds, name, { DBInstanceIdentifier: identifier }, statistic);
  return [
    {
      id: 'Cpu',
      description: `an instance uses more than ${thresholds.cpuPercent.value} % of its processors. See Database Insights for the statements.`,
      graph: 'CPUUtilization, %',
      metric: ofCluster('CPUUtilization', 'Maximum'),
      bound: above(thresholds.cpuPercent),
    },
    {
      id: 'Capacity',
      description:
        'a serverless instance is near the most that it may scale to. Raise relational.maximumAcu, or look for what asks for it.',
      graph: 'ACUUtilization, %',
      metric: ofCluster('ACUUtilization', 'Maximum'),
      bound: above(thresholds.capacityPercent),
    },
    {
      id: 'SlotWal',
      description:
        'a replication slot keeps write-ahead log that nobody reads. See: polystore status; is Debezium running?',
      graph: 'OldestReplicationSlotLag, bytes',
      metric: ofCluster('OldestReplicationSlotLag', 'Maximum', 'WRITER'),
      bound: above(thresholds.slotBytes),
    },
    {
      // AWS's page on Aurora lists this one, and that on RDS the one above: a metric that is not told never rings.
      id: 'Wal',
      description:
        'the writer keeps write-ahead log for a replication slot that nobody reads. See: polystore status',
      graph: 'TransactionLogsDiskUsage, bytes',
      metric: ofCluster('TransactionLogsDiskUsage', 'Maximum', 'WRITER'),
      bound: above(thresholds.slotBytes),
    },
    {
      id: 'OldestTransaction',
      description:
        'transaction ids run out: vacuum does not keep up, or an old transaction or slot holds it.',
      graph: 'MaximumUsedTransactionIDs',
      metric: ofCluster('MaximumUsedTransactionIDs', 'Maximum'),
      bound: above(thresholds.oldestTransaction),
    },
    {
      id: 'CommitLatency',
      description: 'commits take far longer than they use to.',
      graph: 'CommitLatency, ms',
      metric: ofCluster('CommitLatency', 'Average', 'WRITER'),
      bound: latency(baselineMs?.commit),
    },
    {
      id: 'ReadLatency',
      description: 'reads of the volume take far longer than they use to.',
      graph: 'ReadLatency, s',
      metric: ofCluster('ReadLatency', 'Average'),
      // The metric is in seconds.
      bound: latency(baselineMs === undefined ? undefined : baselineMs.read / 1000),
    },
    ...lagSpecs(props),
    ...[...Map.groupBy(instances, ({ memoryGib }) => memoryGib)].flatMap(([memoryGib, group]) =>
      memoryGib === undefined
        ? []
        : combine(
            'MIN',
            `FreeableMemory of ${memoryGib} GiB`,
            group.map((each) => ofInstance('FreeableMemory', each, 'Minimum')),
          ).map((free, index) => ({
            id: numbered(`Memory${memoryGib}Gib`, index),
            description: `an instance uses more than ${thresholds.memoryPercent.value} % of its ${memoryGib} GiB.`,
            graph: 'FreeableMemory, bytes',
            metric: free,
            bound: below({
              ...thresholds.memoryPercent,
              value: Math.round(((100 - thresholds.memoryPercent.value) / 100) * memoryGib * 2 ** 30),
            }),
          })),
    ),
    ...[...Map.groupBy(instances, ({ connections }) => connections)].flatMap(([connections, group]) =>
      connections === undefined
        ? []
        : combine(
            'MAX',
            `DatabaseConnections of ${connections}`,
            group.map((each) => ofInstance('DatabaseConnections', each, 'Maximum')),
          ).map((used, index) => ({
            id: numbered(`Connections${connections}`, index),
            description: `an instance has more than ${thresholds.connectionsPercent.value} % of the ${connections} connections that it takes.`,
            graph: `DatabaseConnections of ${connections}`,
            metric: used,
            bound: above({
              ...thresholds.connectionsPercent,
              value: Math.floor((thresholds.connectionsPercent.value / 100) * connections),
            }),
          })),
    ),
    ...instances.flatMap(({ resourceId }, index) =>
      resourceId === undefined
        ? []
        : [
            {
              id: numbered('IoWait', index),
              description: `an instance waits for storage more than ${thresholds.ioWaitPercent.value} % of the time.`,
              graph: 'os.cpuUtilization.wait, %',
              metric: new cloudwatch.MathExpression({
                label: `io wait ${index + 1}`,
                expression: `DB_PERF_INSIGHTS('RDS', '${resourceId}', 'os.cpuUtilization.wait.avg')`,
                period: Duration.minutes(1),
              }),
              bound: above(thresholds.ioWaitPercent),
            },
          ],
    ),
  ];
}

/** For each workload with readers of its own the levels above its target; for the others those of any reader. */
function lagSpecs({ clusterIdentifier, instances }: RelationalAlarmsProps): readonly AlarmSpec[] {
  const spec = (whose: string, index: number, lag: cloudwatch.IMetric, target: number): AlarmSpec[] =>
    thresholds.replicaLagMs
      .filter(({ value }) => value > target)
      .map((threshold) => ({
        id: numbered(`${pascalCase(whose)}Lag${threshold.value}`, index),
        description: `a reader for ${whose} is more than ${threshold.value} ms behind the writer.`,
        graph: `AuroraReplicaLag for ${whose}, ms`,
        metric: lag,
        bound: above(threshold),
      }));
  return [
    ...workloads.flatMap((workload) =>
      combine(
        'MAX',
        'AuroraReplicaLag',
        instances
          .filter((each) => each.workload === workload)
          .map(({ identifier }) =>
            metric(namespaces.rds, 'AuroraReplicaLag', { DBInstanceIdentifier: identifier }, 'Maximum'),
          ),
      ).flatMap((lag, index) => spec(workload, index, lag, lagTargetMs[workload])),
    ),
    // Also those that were scaled out to, whose names nobody knows beforehand.
    ...spec(
      'anything',
      0,
      metric(
        namespaces.rds,
        'AuroraReplicaLag',
        { DBClusterIdentifier: clusterIdentifier, Role: 'READER' },
        'Maximum',
      ),
      lagTargetMs.reporting,
    ),
  ];
}
