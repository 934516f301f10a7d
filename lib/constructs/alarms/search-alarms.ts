import { Aws, Duration } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import type { Construct } from 'constructs';
import { metric, namespaces, variable } from './metrics.ts';
import { type AlarmSpec, type AlarmsProps, above, below, latency, StoreAlarms } from './store-alarms.ts';
import { thresholds } from './thresholds.ts';

export interface SearchAlarmsProps extends AlarmsProps {
  readonly domainName: string;
  /** Of each data node. */
  readonly storageGibPerNode: number;
  /** Whether it has nodes that only manage it. */
  readonly managers: boolean;
  /** Milliseconds that a search takes, and a write. @default - CloudWatch learns them */
  readonly baselineMs?: { readonly search: number; readonly write: number };
}

/** Alarms of an OpenSearch domain, after the service's own recommendations. */
export class SearchAlarms extends StoreAlarms {
  constructor(scope: Construct, id: string, props: SearchAlarmsProps) {
    super(scope, id, { ...props, title: 'OpenSearch', specs: searchSpecs(props) });
  }
}

function searchSpecs({
  domainName,
  storageGibPerNode,
  managers,
  baselineMs,
}: SearchAlarmsProps): readonly AlarmSpec[] {
  const of = (name: string, statistic: 'Maximum' | 'Minimum' | 'Average' | 'Sum') =>
    metric(namespaces.opensearch, name, { DomainName: domainName, ClientId: Aws.ACCOUNT_ID }, statistic);
  /** Rejections are counted from a node's start on. */
  const risen = (name: string) =>
    new cloudwatch.MathExpression({
      label: name,
      expression: `DIFF(${variable(name)})`,
      usingMetrics: { [variable(name)]: of(name, 'Sum') },
      period: Duration.minutes(1),
    });
  const leastFree = thresholds.leastSearchStoragePercent;
  return [
    {
      id: 'Red',
      description: 'an index lacks a primary shard: what it held is not found.',
      graph: 'Cluster status',
      metric: of('ClusterStatus.red', 'Maximum'),
      bound: above({ value: 0, forMinutes: 1 }),
    },
    {
      id: 'Yellow',
      description: 'an index lacks a copy.',
      graph: 'Cluster status',
      metric: of('ClusterStatus.yellow', 'Maximum'),
      bound: above({ value: 0, forMinutes: 15 }),
    },
    {
      id: 'WritesBlocked',
      description: 'the domain refuses writes: memory or disk has run out.',
      graph: 'ClusterIndexWritesBlocked',
      metric: of('ClusterIndexWritesBlocked', 'Maximum'),
      bound: above({ value: 0, forMinutes: 5 }),
    },
    {
      id: 'Storage',
      description: `a node has less than ${leastFree.value} % of its storage left.`,
      graph: 'FreeStorageSpace, MB',
      metric: of('FreeStorageSpace', 'Minimum'),
      // In megabytes of 2^20 bytes.
      bound: below({ ...leastFree, value: Math.round((leastFree.value / 100) * storageGibPerNode * 1024) }),
    },
    {
      id: 'Cpu',
      description: 'a data node uses its processors up.',
      graph: 'CPUUtilization, %',
      metric: of('CPUUtilization', 'Maximum'),
      bound: above({ ...thresholds.cpuPercent, forMinutes: 15 }),
    },
    {
      id: 'Heap',
      description: 'a data node uses its heap up.',
      graph: 'JVMMemoryPressure, %',
      metric: of('JVMMemoryPressure', 'Maximum'),
      bound: above(thresholds.searchHeapPercent),
    },
    ...(managers
      ? [
          {
            id: 'ManagerCpu',
            description: 'a manager uses its processor up.',
            graph: 'MasterCPUUtilization, %',
            metric: of('MasterCPUUtilization', 'Maximum'),
            bound: above({ ...thresholds.cpuPercent, forMinutes: 15 }),
          },
          {
            id: 'ManagerHeap',
            description: 'a manager uses its heap up.',
            graph: 'MasterJVMMemoryPressure, %',
            metric: of('MasterJVMMemoryPressure', 'Maximum'),
            bound: above(thresholds.searchHeapPercent),
          },
        ]
      : []),
    {
      id: 'IopsThrottle',
      description: "a node's volume is throttled by its operations.",
      graph: 'Volume throttles',
      metric: of('IopsThrottle', 'Maximum'),
      bound: above(thresholds.throttles),
    },
    {
      id: 'ThroughputThrottle',
      description: "a node's volume is throttled by its bytes.",
      graph: 'Volume throttles',
      metric: of('ThroughputThrottle', 'Maximum'),
      bound: above(thresholds.throttles),
    },
    {
      id: 'WritesRejected',
      description: 'nodes refuse writes, for their queue is full.',
      graph: 'Rejected',
      metric: risen('ThreadpoolWriteRejected'),
      bound: above(thresholds.throttles),
    },
    {
      id: 'SearchesRejected',
      description: 'nodes refuse searches, for their queue is full.',
      graph: 'Rejected',
      metric: risen('ThreadpoolSearchRejected'),
      bound: above(thresholds.throttles),
    },
    {
      id: 'ServerErrors',
      description: 'requests are answered with HTTP 5xx.',
      graph: '5xx',
      metric: of('5xx', 'Sum'),
      bound: above(thresholds.serverErrors),
    },
    {
      id: 'Snapshots',
      description: 'no snapshot was taken.',
      graph: 'AutomatedSnapshotFailure',
      metric: of('AutomatedSnapshotFailure', 'Maximum'),
      bound: above({ value: 0, forMinutes: 1 }),
    },
    {
      id: 'Key',
      description: 'the key of the domain cannot be used: what it encrypts is out of reach.',
      graph: 'Key',
      metric: of('KMSKeyError', 'Maximum'),
      bound: above({ value: 0, forMinutes: 1 }),
    },
    {
      id: 'SearchLatency',
      description: 'searches take far longer than they use to.',
      graph: 'SearchLatency, ms',
      metric: of('SearchLatency', 'Average'),
      bound: latency(baselineMs?.search),
    },
    {
      id: 'WriteLatency',
      description: 'writes take far longer than they use to.',
      graph: 'IndexingLatency, ms',
      metric: of('IndexingLatency', 'Average'),
      bound: latency(baselineMs?.write),
    },
  ];
}
