import type { Construct } from 'constructs';
import { metric, namespaces } from './metrics.ts';
import { type AlarmSpec, type AlarmsProps, latency, StoreAlarms, serverErrorsSpec } from './store-alarms.ts';

/** Which API, as API Gateway's metrics name it: HTTP APIs by id, REST APIs by name. */
export type WatchedApi =
  | { readonly kind: 'http'; readonly apiId: string; readonly stage: string }
  | { readonly kind: 'rest'; readonly apiName: string; readonly stage: string };

export interface ApiAlarmsProps extends AlarmsProps {
  readonly api: WatchedApi;
  /** Milliseconds of the slowest in a hundred requests. @default - CloudWatch learns it */
  readonly baselineMs?: number;
}

/** Alarms of an HTTP API or a REST API. */
export class ApiAlarms extends StoreAlarms {
  constructor(scope: Construct, id: string, props: ApiAlarmsProps) {
    super(scope, id, { ...props, title: 'API', specs: apiSpecs(props) });
  }
}

function apiSpecs({ api, baselineMs }: ApiAlarmsProps): readonly AlarmSpec[] {
  const { stage } = api;
  const dimensions: Readonly<Record<string, string>> =
    api.kind === 'http' ? { ApiId: api.apiId, Stage: stage } : { ApiName: api.apiName, Stage: stage };
  const serverErrors = api.kind === 'http' ? '5xx' : '5XXError';
  const of = (name: string, statistic: 'Sum' | 'p99') =>
    metric(namespaces.apiGateway, name, dimensions, statistic);
  return [
    serverErrorsSpec({ errors: of(serverErrors, 'Sum'), requests: of('Count', 'Sum') }),
    {
      id: 'Latency',
      description: 'the slowest requests take far longer than they use to.',
      graph: 'Latency p99, ms',
      metric: of('Latency', 'p99'),
      bound: latency(baselineMs),
    },
  ];
}
