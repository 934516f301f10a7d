import type { RelationalInstanceProps } from './relational-instance-props.ts';
import type { RelationalStoreProps } from './relational-store-props.ts';

/**
 * The four roles of a classic read-replica set-up, on today's classes of the same memory as the r5 they were
 * first told of: a writer of 32 vCPUs and 256 GiB, dashboards on 128 GiB, analytics on 384, reporting on 512.
 * `work_mem` is 256 MiB for the last two; 1,000 connections of it are 250 GiB.
 */
const classes = {
  writer: 'r8g.8xlarge',
  dashboard: 'r8g.4xlarge',
  analytics: 'r8g.12xlarge',
  reporting: 'r8g.16xlarge',
} as const;

/**
 * `new RelationalStore(this, 'Relational', { vpc, ...classic })`: the roles on Aurora. What is larger than the writer
 * takes its place, analytics first; the dashboards' reader is smaller and the last.
 */
export const classic = {
  writerClass: classes.writer,
  readers: 0,
  workloadReaders: {
    dashboard: { count: 1, instanceClass: classes.dashboard, promotionTier: 15 },
    analytics: { count: 1, instanceClass: classes.analytics, promotionTier: 1, maxConnections: 1000 },
    reporting: { count: 1, instanceClass: classes.reporting, promotionTier: 2, maxConnections: 1000 },
  },
} as const satisfies Partial<RelationalStoreProps>;

/**
 * `new RelationalInstance(this, 'Relational', { vpc, ...classicInstance })`: the roles on RDS, with 4 TiB of gp3. 1,000
 * connections everywhere, since no replica may have fewer than the writer.
 */
export const classicInstance = {
  instanceClass: classes.writer,
  storageGib: 4096,
  maxConnections: 1000,
  replicas: {
    dashboard: { instanceClass: classes.dashboard },
    analytics: { instanceClass: classes.analytics },
    reporting: { instanceClass: classes.reporting },
  },
} as const satisfies Partial<RelationalInstanceProps>;
