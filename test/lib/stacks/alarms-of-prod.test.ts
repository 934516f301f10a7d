import { expect, test } from '@jest/globals';
import type { Part } from '../deploy.ts';
import { deploy, environmentOf, everything, templateOf } from '../deploy.ts';

const deployed = deploy({ catalog: everything, environment: environmentOf('prod') });

interface Alarm {
  readonly Threshold?: number;
  readonly ThresholdMetricId?: string;
}

/** Alarms of a part that mention a metric, as it is named in the template. */
const alarmsOn = (part: Part, metric: string): readonly Alarm[] =>
  Object.values(templateOf(deployed, part).findResources('AWS::CloudWatch::Alarm'))
    .map(({ Properties }) => Properties as Alarm)
    .filter((alarm) => new RegExp(`"MetricName":"${metric}"|${metric}\\.avg`).test(JSON.stringify(alarm)));

const gib = 2 ** 30;

/** What rings at a number, in the unit of its metric: what, of which stack, which metric, at how much. */
test.each([
  ...[200, 500, 1000].map(
    (ms) => ['lag of the dashboards, ms', 'relational', 'AuroraReplicaLag', ms] as const,
  ),
  ['write-ahead log that a slot keeps', 'relational', 'OldestReplicationSlotLag', 10 * gib],
  ['write-ahead log on disk', 'relational', 'TransactionLogsDiskUsage', 10 * gib],
  ['processors, %', 'relational', 'CPUUtilization', 80],
  ['processors, %', 'cache', 'CPUUtilization', 80],
  ['processors, %', 'cache', 'EngineCPUUtilization', 80],
  ['processors, %', 'log', 'CpuUser', 80],
  ['processors, %', 'search', 'CPUUtilization', 80],
  ['processors, %', 'search', 'MasterCPUUtilization', 80],
  ['processors, %', 'capture', 'CpuUtilization', 80],
  // A tenth of the 16 GiB of the smallest instance is left.
  ['memory, bytes', 'relational', 'FreeableMemory', Math.round(1.6 * gib)],
  ['memory, %', 'cache', 'DatabaseMemoryUsagePercentage', 90],
  ['memory, %', 'log', 'MemoryUsed', 90],
  ['heap, %', 'search', 'JVMMemoryPressure', 90],
  ['heap, %', 'search', 'MasterJVMMemoryPressure', 90],
  ['memory, %', 'capture', 'MemoryUtilization', 90],
  ['io wait, %', 'relational', 'os.cpuUtilization.wait', 30],
  ['io wait, %', 'log', 'CpuIoWait', 30],
  // Of 80 and 40 that the readers for analytics and for reporting take.
  ['connections', 'relational', 'DatabaseConnections', 64],
  ['connections', 'relational', 'DatabaseConnections', 32],
  // Of 65,000.
  ['connections', 'cache', 'CurrConnections', 52_000],
  ['age of the stream, ms', 'functions', 'IteratorAge', 60_000],
  ['records behind', 'functions', 'OffsetLag', 10_000],
  ['records behind', 'log', 'SumOffsetLag', 10_000],
  ['dead letters', 'alarms', 'OpenLetters', 0],
  ['lag of views, s', 'alarms', 'LagSeconds', 60],
  ['throttles', 'table', 'ReadThrottleEvents', 0],
  ['throttles', 'table', 'WriteThrottleEvents', 0],
  ['throttles', 'wideColumn', 'ReadThrottleEvents', 0],
  ['throttles', 'wideColumn', 'WriteThrottleEvents', 0],
  ['throttles', 'cache', 'NetworkBandwidthInAllowanceExceeded', 0],
  ['throttles', 'search', 'ThreadpoolWriteRejected', 0],
  ['throttles', 'log', 'TrafficShaping', 0],
  ['throttles', 'functions', 'Throttles', 0],
  // S3 throttles by HTTP 503, an HTTP API by 429, of which it has no metric of its own.
  ['5xx', 'archive', '5xxErrors', 0],
  ['5xx, %', 'api', '5XXError', 1],
  ['5xx', 'search', '5xx', 0],
  ['5xx', 'table', 'SystemErrors', 0],
  ['5xx', 'wideColumn', 'SystemErrors', 0],
] as const)('%s of %s: %s rings at %d', (_what, part, metric, threshold) => {
  expect(alarmsOn(part, metric).map(({ Threshold }) => Threshold)).toContain(threshold);
});

/** MSK tells how long a request takes at a level of monitoring that is paid for, and MSK Connect not at all. */
test.each([
  ['relational', 'CommitLatency'],
  ['relational', 'ReadLatency'],
  ['table', 'SuccessfulRequestLatency'],
  ['wideColumn', 'SuccessfulRequestLatency'],
  ['cache', 'SuccessfulReadRequestLatency'],
  ['cache', 'SuccessfulWriteRequestLatency'],
  ['search', 'SearchLatency'],
  ['search', 'IndexingLatency'],
  ['archive', 'FirstByteLatency'],
  ['api', 'Latency'],
] as const)('a latency that leaves its base line rings: of %s %s', (part, metric) => {
  const bands = alarmsOn(part, metric).filter(({ ThresholdMetricId }) => ThresholdMetricId !== undefined);

  expect(bands.length).toBeGreaterThan(0);
});
