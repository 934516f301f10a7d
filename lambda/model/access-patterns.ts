import type { Json } from './fields.ts';
import type { Workload } from './workloads.ts';

/**
 * A statement that callers send again and again, and what is expected of it. `polystore model plan` plans each with
 * the router's own planner and proves that it is served by bounded work.
 */
export interface AccessPattern {
  /** As `POST /query` takes it. It need not name the tenant, who comes from the credential. */
  readonly sql: string;
  /** Sample values of `$1`, `$2` …, by which it is planned. @default - it has no parameters */
  readonly params?: readonly Json[];
  /** A sample tenant who asks, for a statement that names one. @default - 'tenant' */
  readonly tenant?: string;
  /**
   * When the sample is asked, an ISO time: what `now()` is, and whether rows of the sample have expired by then.
   * @default - the latest time among `params`; without one 2000-01-01T00:00:00Z
   */
  readonly asOf?: string;
  /** 0: only sources answer. Requests of this text that say none have it. @default - views answer too */
  readonly freshness?: 0;
  /** How often it is asked at peak, by all tenants together. @default - nothing is known */
  readonly ratePerSecond?: number;
  /** Whose replica of Aurora answers SQL. Requests of this text that say none have it. @default - by its kind */
  readonly workload?: Workload;
  /** It may read all rows of a table or a view, as far as the limits of a request go. @default - it may not */
  readonly scan?: 'allowed';
}

/** By name, camelCase. */
export type AccessPatterns = Readonly<Record<string, AccessPattern>>;
