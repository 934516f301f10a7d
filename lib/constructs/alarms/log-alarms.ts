import { Duration } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import type { Construct } from 'constructs';
import type { BrokerKind } from '../change-log/index.ts';
import type { Consumer } from '../functions/index.ts';
import { pascalCase } from '../pascal-case.ts';
import { combine, metric, namespaces, numbered, variable } from './metrics.ts';
import { type AlarmSpec, type AlarmsProps, above, type Bound, below, StoreAlarms } from './store-alarms.ts';
import { thresholds } from './thresholds.ts';

export interface LogAlarmsProps extends AlarmsProps {
  readonly clusterName: string;
  /**
   * Who runs the brokers: Express tells less of them, a serverless cluster nothing.
   * @default 'standard'
   */
  readonly kind?: BrokerKind;
  /** MSK counts them from 1; of a serverless cluster it says nothing. */
  readonly brokers: number;
  /** @default - none */
  readonly consumers?: readonly Consumer[];
}

/** Alarms of an MSK cluster, and of who reads it. */
export class LogAlarms extends StoreAlarms {
  constructor(scope: Construct, id: string, props: LogAlarmsProps) {
    super(scope, id, { ...props, title: 'MSK', specs: logSpecs(props) });
  }
}

function logSpecs({
  clusterName,
  kind = 'standard',
  brokers,
  consumers = [],
}: LogAlarmsProps): readonly AlarmSpec[] {
  const cluster = { 'Cluster Name': clusterName };
  const numbers = Array.from({ length: brokers }, (_, index) => String(index + 1));
  const ofBroker = (name: string, broker: string) =>
    metric(namespaces.kafka, name, { ...cluster, 'Broker ID': broker }, 'Maximum');
  const worst = (id: string, name: string, bound: Bound, description: string): AlarmSpec[] =>
    combine(
      'MAX',
      name,
      numbers.map((broker) => ofBroker(name, broker)),
    ).map((of, index) => ({ id: numbered(id, index), description, graph: name, metric: of, bound }));
  /** The same of every broker, of an expression over several of its metrics. */
  const each = (
    id: string,
    graph: string,
    names: readonly string[],
    expression: (variables: readonly string[]) => string,
    bound: Bound,
    description: string,
  ): AlarmSpec[] =>
    numbers.map((broker, index) => {
      const variables = names.map((name) => `${variable(name)}${broker}`);
      return {
        id: numbered(id, index),
        description: `broker ${broker} ${description}`,
        graph,
        metric: new cloudwatch.MathExpression({
          label: `broker ${broker}`,
          expression: expression(variables),
          usingMetrics: Object.fromEntries(
            names.map((name) => [`${variable(name)}${broker}`, ofBroker(name, broker)]),
          ),
          period: Duration.minutes(1),
        }),
        bound,
      };
    });
  const ofStandard: readonly AlarmSpec[] = [
    {
      id: 'Offline',
      description: 'partitions have no leader: nobody can write or read them.',
      graph: 'OfflinePartitionsCount',
      metric: metric(namespaces.kafka, 'OfflinePartitionsCount', cluster, 'Maximum'),
      bound: above({ value: 0, forMinutes: 1 }),
    },
    ...worst(
      'UnderMinIsr',
      'UnderMinIsrPartitionCount',
      above({ value: 0, forMinutes: 5 }),
      'partitions have too few copies in step: they refuse writes.',
    ),
    ...worst(
      'UnderReplicated',
      'UnderReplicatedPartitions',
      above({ value: 0, forMinutes: 30 }),
      'partitions lack a copy for half an hour, longer than a broker restarts for maintenance.',
    ),
    ...worst(
      'IoWait',
      'CpuIoWait',
      above(thresholds.ioWaitPercent),
      `a broker waits for its disk more than ${thresholds.ioWaitPercent.value} % of the time.`,
    ),
    ...each(
      'Memory',
      'Memory, %',
      ['MemoryUsed', 'MemoryFree', 'MemoryCached', 'MemoryBuffered'],
      (all) => `100 * ${all[0]} / (${all.join(' + ')})`,
      above(thresholds.memoryPercent),
      'uses its memory up.',
    ),
    ...worst(
      'Heap',
      'HeapMemoryAfterGC',
      above(thresholds.brokerHeapPercent),
      'a broker has little heap left after collecting garbage: fewer partitions, or larger brokers.',
    ),
    ...worst(
      'Disk',
      'KafkaDataLogsDiskUsed',
      above(thresholds.brokerDiskPercent),
      'a broker is short of disk, and stops when it has none: more storage, or a shorter retention.',
    ),
    ...worst(
      'Throttles',
      'TrafficShaping',
      above(thresholds.throttles),
      'a broker is throttled by its network.',
    ),
  ];
  const ofBrokers: readonly AlarmSpec[] = [
    {
      id: 'Controller',
      description: 'no controller is active.',
      graph: 'ActiveControllerCount',
      metric: metric(namespaces.kafka, 'ActiveControllerCount', cluster, 'Maximum'),
      bound: below({ value: 1, forMinutes: 5 }),
    },
    ...each(
      'Cpu',
      'CpuUser + CpuSystem, %',
      ['CpuUser', 'CpuSystem'],
      (all) => all.join(' + '),
      above(thresholds.cpuPercent),
      'uses its processors up.',
    ),
  ];
  return [
    ...(kind === 'serverless' ? [] : ofBrokers),
    ...(kind === 'standard' ? ofStandard : []),
    ...consumers.flatMap(({ name, windowSeconds, groups }) =>
      combine(
        'MAX',
        'SumOffsetLag',
        groups.map(({ group, topic }) =>
          metric(
            namespaces.kafka,
            'SumOffsetLag',
            { ...cluster, 'Consumer Group': group, Topic: topic },
            'Maximum',
          ),
        ),
      ).map((lag, index) => ({
        id: numbered(`${pascalCase(name)}Lag`, index),
        description: `${name} is behind in a topic. See: polystore status; is its store down?`,
        graph: `SumOffsetLag of ${name}`,
        metric: lag,
        bound: above({
          ...thresholds.consumerLagRecords,
          value: Math.round(thresholds.consumerLagRecords.value * (1 + windowSeconds / 60)),
        }),
      })),
    ),
  ];
}
