import type { Construct } from 'constructs';
import { metric, namespaces } from './metrics.ts';
import { type AlarmSpec, type AlarmsProps, above, below, StoreAlarms } from './store-alarms.ts';
import { thresholds } from './thresholds.ts';

export interface CaptureAlarmsProps extends AlarmsProps {
  readonly connectorName: string;
}

/** Alarms of a connector of MSK Connect, which has one task. */
export class CaptureAlarms extends StoreAlarms {
  constructor(scope: Construct, id: string, props: CaptureAlarmsProps) {
    super(scope, id, { ...props, title: 'Debezium', specs: captureSpecs(props) });
  }
}

function captureSpecs({ connectorName }: CaptureAlarmsProps): readonly AlarmSpec[] {
  const of = (name: string) =>
    metric(namespaces.kafkaConnect, name, { ConnectorName: connectorName }, 'Maximum');
  return [
    {
      id: 'Errored',
      description:
        'the task has failed: changes stay in Aurora, and its slot keeps WAL. See the log of the worker.',
      graph: 'Tasks',
      metric: of('ErroredTaskCount'),
      bound: above({ value: 0, forMinutes: 1 }),
    },
    {
      id: 'NotRunning',
      description: 'no task has run for a quarter of an hour, longer than a rebalance takes.',
      graph: 'Tasks',
      metric: of('RunningTaskCount'),
      bound: below({ value: 1, forMinutes: 15 }),
    },
    {
      id: 'Cpu',
      description: 'the worker uses its processor up. Raise capture.units.',
      graph: 'CpuUtilization, %',
      metric: of('CpuUtilization'),
      bound: above(thresholds.cpuPercent),
    },
    {
      id: 'Memory',
      description: 'the worker uses its memory up. Raise capture.units.',
      graph: 'MemoryUtilization, %',
      metric: of('MemoryUtilization'),
      bound: above(thresholds.memoryPercent),
    },
  ];
}
