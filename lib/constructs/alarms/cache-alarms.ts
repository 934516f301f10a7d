import type { Construct } from 'constructs';
import type { Eviction } from '../cache-store/index.ts';
import { combine, metric, namespaces, numbered } from './metrics.ts';
import { type AlarmSpec, type AlarmsProps, above, type Bound, latency, StoreAlarms } from './store-alarms.ts';
import { thresholds } from './thresholds.ts';

export interface CacheAlarmsProps extends AlarmsProps {
  /** Of the replication group; its nodes are `<id>-0001-001` and so on. */
  readonly replicationGroupId: string;
  readonly shards: number;
  readonly replicasPerShard: number;
  /** A cache that evicts may be full; one that does not may not. */
  readonly eviction: Eviction;
  /** Microseconds that a command takes. @default - CloudWatch learns it */
  readonly baselineUs?: number;
}

/** Alarms of a Valkey cluster: each looks at its worst node. */
export class CacheAlarms extends StoreAlarms {
  constructor(scope: Construct, id: string, props: CacheAlarmsProps) {
    const title = props.eviction === 'noeviction' ? 'Valkey: views' : 'Valkey: results';
    super(scope, id, { ...props, title, specs: cacheSpecs(props) });
  }
}

function cacheSpecs(props: CacheAlarmsProps): readonly AlarmSpec[] {
  const { replicationGroupId, shards, replicasPerShard, eviction, baselineUs } = props;
  const four = (number: number): string => String(number).padStart(4, '0');
  const nodes = Array.from({ length: shards }, (_, shard) =>
    Array.from(
      { length: 1 + replicasPerShard },
      (_, node) => `${replicationGroupId}-${four(shard + 1)}-${four(node + 1).slice(1)}`,
    ),
  ).flat();
  const worst = (
    id: string,
    name: string,
    bound: Bound,
    description: string,
    statistic: 'Maximum' | 'Average' | 'Sum' = 'Maximum',
  ): AlarmSpec[] =>
    combine(
      'MAX',
      name,
      nodes.map((node) => metric(namespaces.elasticache, name, { CacheClusterId: node }, statistic)),
    ).map((of, index) => ({ id: numbered(id, index), description, graph: name, metric: of, bound }));
  return [
    // The engine runs commands on one thread, which CPUUtilization of a machine with many hides.
    ...worst(
      'EngineCpu',
      'EngineCPUUtilization',
      above(thresholds.cpuPercent),
      'a node is near the end of its one thread. Add shards.',
    ),
    ...worst('Cpu', 'CPUUtilization', above(thresholds.cpuPercent), 'a node uses its processors up.'),
    ...(eviction === 'noeviction'
      ? [
          ...worst(
            'Memory',
            'DatabaseMemoryUsagePercentage',
            above(thresholds.memoryPercent),
            'a node is nearly full, and then refuses writes: views wait. Add shards, or take larger nodes.',
          ),
          ...worst(
            'Evictions',
            'Evictions',
            above(thresholds.throttles),
            'a cluster that holds views evicted keys: rebuild its views, and find out who changed maxmemory-policy.',
            'Sum',
          ),
        ]
      : []),
    ...worst(
      'Connections',
      'CurrConnections',
      above(thresholds.cacheClients),
      'a node has 80 % of the clients that it takes.',
    ),
    ...worst(
      'BandwidthIn',
      'NetworkBandwidthInAllowanceExceeded',
      above(thresholds.throttles),
      'a node is throttled by its network, inwards.',
      'Sum',
    ),
    ...worst(
      'BandwidthOut',
      'NetworkBandwidthOutAllowanceExceeded',
      above(thresholds.throttles),
      'a node is throttled by its network, outwards.',
      'Sum',
    ),
    ...(replicasPerShard > 0
      ? worst(
          'Lag',
          'ReplicationLag',
          above(thresholds.cacheLagSeconds),
          'a replica is more than a second behind: a failover would lose that.',
        )
      : []),
    ...worst(
      'ReadLatency',
      'SuccessfulReadRequestLatency',
      latency(baselineUs),
      'reads take far longer than they use to.',
      'Average',
    ),
    ...worst(
      'WriteLatency',
      'SuccessfulWriteRequestLatency',
      latency(baselineUs),
      'writes take far longer than they use to.',
      'Average',
    ),
  ];
}
