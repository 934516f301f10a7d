import { Duration } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import type { Construct } from 'constructs';
import { metric, namespaces } from './metrics.ts';
import { type AlarmSpec, type AlarmsProps, above, latency, StoreAlarms } from './store-alarms.ts';
import { thresholds } from './thresholds.ts';

export interface ApiAlarmsProps extends AlarmsProps {
  readonly apiId: string;
  readonly stage: string;
  /** Milliseconds of the slowest in a hundred requests. @default - CloudWatch learns it */
  readonly baselineMs?: number;
}

/** Alarms of an HTTP API. */
export class ApiAlarms extends StoreAlarms {
  constructor(scope: Construct, id: string, props: ApiAlarmsProps) {
    super(scope, id, { ...props, title: 'API', specs: apiSpecs(props) });
  }
}

function apiSpecs({ apiId, stage, baselineMs }: ApiAlarmsProps): readonly AlarmSpec[] {
  const of = (name: string, statistic: 'Sum' | 'p99') =>
    metric(namespaces.apiGateway, name, { ApiId: apiId, Stage: stage }, statistic);
  return [
    {
      id: 'ServerErrors',
      description: `more than ${thresholds.serverErrorPercent.value} % of the requests are answered with HTTP 5xx.`,
      graph: '5xx, %',
      metric: new cloudwatch.MathExpression({
        label: '5xx, %',
        expression: '100 * errors / requests',
        usingMetrics: { errors: of('5xx', 'Sum'), requests: of('Count', 'Sum') },
        period: Duration.minutes(1),
      }),
      bound: above(thresholds.serverErrorPercent),
    },
    {
      id: 'Latency',
      description: 'the slowest requests take far longer than they use to.',
      graph: 'Latency p99, ms',
      metric: of('Latency', 'p99'),
      bound: latency(baselineMs),
    },
  ];
}
