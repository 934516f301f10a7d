/** The namespace of what functions tell of themselves in CloudWatch. */
export const metricNamespace = 'Polystore';

/** Every metric, with its unit; docs/operations.md says what each is, and from whom. */
export const metricUnits = {
  /** By apply, of a batch: row versions that a view took, and those that it had already. */
  Applied: 'Count',
  Stale: 'Count',
  /** Letters that a batch wrote, of a view, or of an entity where no view could read the record. */
  DeadLetters: 'Count',
  /** How long ago the oldest change was written that a batch brought, whether it was taken or comes again. */
  LagSeconds: 'Seconds',
  /** Records that were never given to a view. */
  ProgressGaps: 'Count',
  /** By project, once a minute: records of the log that a view has not taken. */
  LagChanges: 'Count',
  /** Records that a view has without a hole, of all partitions: letters that are open are holes. */
  Position: 'Count',
  OpenLetters: 'Count',
  /** By project, at the end of a comparison or a sample. */
  VerifyCompared: 'Count',
  VerifyMissing: 'Count',
  VerifyStale: 'Count',
  VerifyExtra: 'Count',
  VerifyDifferent: 'Count',
  VerifyRepaired: 'Count',
  VerifyUnsettled: 'Count',
  /** By project, once an hour, of a view by months: those ahead without a partition, and those past its `keep` still there. */
  MissingPartitions: 'Count',
  OverduePartitions: 'Count',
  /** By capture: items that no entity owns, and that changes may have been lost. */
  ForeignItems: 'Count',
  StreamGaps: 'Count',
  /** By ingest: requests that were asked to come back later. */
  Rejected429: 'Count',
} as const;

export type MetricName = keyof typeof metricUnits;
