import { Duration } from 'aws-cdk-lib';
import * as scaling from 'aws-cdk-lib/aws-applicationautoscaling';
import type { DatabaseCluster } from 'aws-cdk-lib/aws-rds';
import { Construct } from 'constructs';
import type { Problems } from '../../../lambda/model/problems.ts';
import { readersLimit } from './workload-readers.ts';

/**
 * Readers that Aurora adds and takes away by itself. They are of the writer's class, and no workload's
 * own endpoint has them: they answer behind the endpoint of all readers.
 */
export interface ReaderScaling {
  /** Readers of the cluster at most, those that are always there included; up to 15. */
  readonly maximum: number;
  /**
   * Mean CPU of all readers, in percent, above which one is added; 1 to 100.
   * @default 60
   */
  readonly cpuPercent?: number;
  /**
   * How long to wait after a reader was added or taken away.
   * @default Duration.minutes(5)
   */
  readonly cooldown?: Duration;
}

/** @param readers those that are always there, and how many workloads share them */
export function checkScaling(
  { maximum, cpuPercent = 60 }: ReaderScaling,
  readers: { readonly fixed: number; readonly sharingWorkloads: number },
  problems: Problems,
): void {
  if (!Number.isInteger(maximum) || maximum <= readers.fixed || maximum > readersLimit)
    problems.add(
      'readerScaling.maximum',
      `is ${maximum} beside ${readers.fixed} reader(s) that are always there`,
      `use a whole number from ${readers.fixed + 1} to ${readersLimit}, or leave readerScaling out`,
    );
  if (!(cpuPercent >= 1 && cpuPercent <= 100))
    problems.add('readerScaling.cpuPercent', `is ${cpuPercent}`, 'use 1 to 100');
  if (readers.fixed === 0)
    problems.add(
      'readerScaling',
      'is given and there is no reader, whose CPU it could go by',
      'use at least one of readers',
    );
  else if (readers.sharingWorkloads === 0)
    problems.add(
      'readerScaling',
      'would add readers that no workload asks, since each has its own',
      'leave a workload out of workloadReaders, or readerScaling',
    );
}

export function scaleReaders(
  scope: Construct,
  cluster: DatabaseCluster,
  fixed: number,
  { maximum, cpuPercent = 60, cooldown = Duration.minutes(5) }: ReaderScaling,
): void {
  const within = new Construct(scope, 'ReaderScaling');
  const target = new scaling.ScalableTarget(within, 'Target', {
    serviceNamespace: scaling.ServiceNamespace.RDS,
    resourceId: `cluster:${cluster.clusterIdentifier}`,
    scalableDimension: 'rds:cluster:ReadReplicaCount',
    minCapacity: fixed,
    maxCapacity: maximum,
  });
  // It is registered once the cluster has an instance: Application Auto Scaling asks Aurora.
  target.node.addDependency(cluster);
  target.scaleToTrackMetric('Cpu', {
    predefinedMetric: scaling.PredefinedMetric.RDS_READER_AVERAGE_CPU_UTILIZATION,
    targetValue: cpuPercent,
    scaleInCooldown: cooldown,
    scaleOutCooldown: cooldown,
  });
}
