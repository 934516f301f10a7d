import type { Construct } from 'constructs';
import { metric, namespaces } from './metrics.ts';
import { type AlarmSpec, type AlarmsProps, above, latency, StoreAlarms } from './store-alarms.ts';
import { thresholds } from './thresholds.ts';

export interface ArchiveAlarmsProps extends AlarmsProps {
  readonly bucketName: string;
  /** Id of a metrics configuration of the bucket: S3 tells of requests only where there is one. */
  readonly requestMetrics: string;
  /** Milliseconds until the first byte of an answer. @default - CloudWatch learns it */
  readonly baselineMs?: number;
}

/** Alarms of the archive's bucket. S3 tells who asks too fast by HTTP 503, which is among the 5xx. */
export class ArchiveAlarms extends StoreAlarms {
  constructor(scope: Construct, id: string, props: ArchiveAlarmsProps) {
    super(scope, id, { ...props, title: 'Archive', specs: archiveSpecs(props) });
  }
}

function archiveSpecs({ bucketName, requestMetrics, baselineMs }: ArchiveAlarmsProps): readonly AlarmSpec[] {
  const of = (name: string, statistic: 'Average' | 'Sum') =>
    metric(namespaces.s3, name, { BucketName: bucketName, FilterId: requestMetrics }, statistic);
  return [
    {
      id: 'ServerErrors',
      description: 'S3 answers with HTTP 5xx, or asks to slow down.',
      graph: '5xxErrors',
      metric: of('5xxErrors', 'Sum'),
      bound: above(thresholds.serverErrors),
    },
    {
      id: 'ClientErrors',
      description: 'requests are refused (HTTP 4xx): a right is missing, or a file that the archive names.',
      graph: '4xxErrors',
      metric: of('4xxErrors', 'Average'),
      // A share of the requests. Some ask whether a file is there.
      bound: above({ value: 0.5, forMinutes: 15 }),
    },
    {
      id: 'Latency',
      description: 'S3 takes far longer to answer than it uses to.',
      graph: 'FirstByteLatency, ms',
      metric: of('FirstByteLatency', 'Average'),
      bound: latency(baselineMs),
    },
  ];
}
