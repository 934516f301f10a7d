import type { Construct } from 'constructs';
import { metric, namespaces } from './metrics.ts';
import {
  type AlarmSpec,
  type AlarmsProps,
  below,
  latency,
  StoreAlarms,
  serverErrorsSpec,
} from './store-alarms.ts';

export interface RouterAlarmsProps extends AlarmsProps {
  /** As CloudWatch names a load balancer: `app/<name>/<id>`. */
  readonly loadBalancer: string;
  /** As CloudWatch names a target group: `targetgroup/<name>/<id>`. */
  readonly targetGroup: string;
  readonly minimumTasks: number;
  /** Seconds of the slowest in a hundred requests. @default - CloudWatch learns it */
  readonly baselineSeconds?: number;
}

/** Alarms of the router's service. */
export class RouterAlarms extends StoreAlarms {
  constructor(scope: Construct, id: string, props: RouterAlarmsProps) {
    super(scope, id, { ...props, title: 'Router', specs: routerSpecs(props) });
  }
}

function routerSpecs(props: RouterAlarmsProps): readonly AlarmSpec[] {
  const { loadBalancer, targetGroup, minimumTasks, baselineSeconds } = props;
  const of = (name: string, statistic: 'Sum' | 'p99' | 'Minimum') =>
    metric(namespaces.balancer, name, { LoadBalancer: loadBalancer, TargetGroup: targetGroup }, statistic);
  return [
    serverErrorsSpec({
      errors: of('HTTPCode_Target_5XX_Count', 'Sum'),
      requests: of('RequestCount', 'Sum'),
    }),
    {
      id: 'Tasks',
      description: 'fewer tasks take requests than there are to be at least.',
      graph: 'Tasks',
      metric: of('HealthyHostCount', 'Minimum'),
      bound: below({ value: minimumTasks, forMinutes: 5 }),
    },
    {
      id: 'Latency',
      description: 'the slowest requests take far longer than they use to.',
      graph: 'Latency p99, s',
      metric: of('TargetResponseTime', 'p99'),
      bound: latency(baselineSeconds),
    },
  ];
}
