/** What a read is for. Each workload has a replica of its own, so that a report does not slow a dashboard. */
export const workloads = ['dashboard', 'analytics', 'reporting'] as const;
export type Workload = (typeof workloads)[number];
