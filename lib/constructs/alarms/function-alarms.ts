import type { Construct } from 'constructs';
import { pascalCase } from '../pascal-case.ts';
import { metric, namespaces } from './metrics.ts';
import { type AlarmSpec, type AlarmsProps, above, StoreAlarms } from './store-alarms.ts';
import { thresholds } from './thresholds.ts';

/** A Lambda function, as alarms know it. */
export interface WatchedFunction {
  /** What people call it: `apply-redis`. */
  readonly name: string;
  /** What Lambda calls it. */
  readonly functionName: string;
  readonly timeoutSeconds: number;
  /** What it reads in batches, and how long it gathers one. @default - nothing */
  readonly reads?: { readonly kind: 'dynamodb-stream' | 'change-log'; readonly windowSeconds: number };
}

export interface FunctionAlarmsProps extends AlarmsProps {
  readonly functions: readonly WatchedFunction[];
  /**
   * Executions that the account may run at once in the region.
   * @default 1000, the quota of an account that is no longer new
   */
  readonly accountConcurrency?: number;
}

/** Alarms of functions: what they fail, what keeps them from running, and how far behind they are in what they read. */
export class FunctionAlarms extends StoreAlarms {
  constructor(scope: Construct, id: string, props: FunctionAlarmsProps) {
    super(scope, id, { ...props, title: 'Functions', specs: functionSpecs(props) });
  }
}

function functionSpecs({ functions, accountConcurrency = 1000 }: FunctionAlarmsProps): readonly AlarmSpec[] {
  return [
    {
      id: 'AccountConcurrency',
      description: `the account runs more than ${thresholds.accountConcurrencyPercent.value} % of the executions that it may run at once.`,
      graph: 'ConcurrentExecutions of the account',
      metric: metric(namespaces.lambda, 'ConcurrentExecutions', {}, 'Maximum'),
      bound: above({
        ...thresholds.accountConcurrencyPercent,
        value: (thresholds.accountConcurrencyPercent.value / 100) * accountConcurrency,
      }),
    },
    ...functions.flatMap(ofFunction),
  ];
}

function ofFunction({ name, functionName, timeoutSeconds, reads }: WatchedFunction): readonly AlarmSpec[] {
  const prefix = pascalCase(name);
  const of = (metricName: string, statistic: 'Maximum' | 'Sum') =>
    metric(namespaces.lambda, metricName, { FunctionName: functionName }, statistic);
  return [
    {
      id: `${prefix}Errors`,
      description: `${name} fails again and again: its store is down, or its log says why.`,
      graph: 'Errors',
      metric: of('Errors', 'Sum'),
      bound: above(thresholds.functionErrors),
    },
    {
      id: `${prefix}Throttles`,
      description: `${name} may not run: the account, or what is reserved for it, is used up.`,
      graph: 'Throttles',
      metric: of('Throttles', 'Sum'),
      bound: above(thresholds.throttles),
    },
    {
      id: `${prefix}Duration`,
      description: `${name} takes nearly all of its ${timeoutSeconds} s.`,
      graph: 'Duration, ms',
      metric: of('Duration', 'Maximum'),
      bound: above({
        ...thresholds.durationPercent,
        value: thresholds.durationPercent.value * 10 * timeoutSeconds,
      }),
    },
    ...(reads?.kind === 'dynamodb-stream'
      ? [
          {
            id: `${prefix}IteratorAge`,
            description: `${name} is behind the stream, which forgets after 24 hours.`,
            graph: 'IteratorAge, ms',
            metric: of('IteratorAge', 'Maximum'),
            bound: above({
              ...thresholds.iteratorAgeMs,
              value: thresholds.iteratorAgeMs.value + 1000 * reads.windowSeconds,
            }),
          },
        ]
      : []),
    ...(reads?.kind === 'change-log'
      ? [
          {
            id: `${prefix}OffsetLag`,
            description: `${name} is behind in a topic. See: polystore status; is its store down?`,
            graph: 'OffsetLag',
            metric: of('OffsetLag', 'Maximum'),
            bound: above({
              ...thresholds.consumerLagRecords,
              value: Math.round(thresholds.consumerLagRecords.value * (1 + reads.windowSeconds / 60)),
            }),
          },
        ]
      : []),
  ];
}
