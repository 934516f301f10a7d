/** What a read is for. Each workload has a replica of its own, so that a report does not slow a dashboard. */
export const workloads = ['dashboard', 'analytics', 'reporting'] as const;
export type Workload = (typeof workloads)[number];

/** How far the replica of a workload may be behind its writer, in milliseconds (DESIGN §6). */
export const workloadLagTargetMs: Readonly<Record<Workload, number>> = {
  dashboard: 50,
  analytics: 100,
  reporting: 300,
};
