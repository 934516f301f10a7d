import type { Environment } from './environment.ts';

/** The shape of production (zones, readers by workload, copies of the log) at a fraction of its size. */
export const staging: Environment = {
  name: 'staging',
  network: { cidr: '10.65.0.0/16', availabilityZones: 3 },
  logRetentionDays: 30,
  relational: {
    minimumAcu: 0.5,
    maximumAcu: 8,
    readers: 0,
    workloadReaders: {
      dashboard: { count: 1, instanceClass: 'serverless', promotionTier: 1 },
      // 40 × 256 MiB of the 16 GiB that 8 units have.
      analytics: { count: 1, instanceClass: 'serverless', promotionTier: 2, maxConnections: 40 },
      reporting: { count: 1, instanceClass: 'serverless', promotionTier: 15, maxConnections: 40 },
    },
    backupDays: 7,
  },
  table: {
    indexWave: 0,
    billing: { mode: 'on-demand', maximum: { read: 4_000, write: 2_000 } },
    contributorInsights: 'throttled',
  },
  views: { nodeType: 'cache.t4g.medium', shards: 2, replicasPerShard: 1, snapshotDays: 3 },
  cache: { nodeType: 'cache.t4g.small', shards: 1, replicasPerShard: 1 },
  search: {
    zones: 3,
    dataNodes: 3,
    dataNodeType: 't3.medium.search',
    managerType: 't3.small.search',
    storageGibPerNode: 20,
    fineGrainedAccess: true,
  },
  archive: { colderAfterDays: 30, keepDeletedDays: 7 },
  log: {
    brokerType: 't3.small',
    brokers: 3,
    storageGibPerBroker: 100,
    replication: 3,
    minimumInSyncReplicas: 2,
  },
  capture: { units: 1 },
  functions: { generation: 0 },
  api: {
    front: 'rest',
    identity: {
      // An example by RFC 2606: put your own issuer here. Until then the API refuses every caller.
      issuer: 'https://identity.example.com/',
      audience: 'polystore-staging',
      keys: { kind: 'url', url: 'https://identity.example.com/.well-known/jwks.json' },
    },
    requestsPerSecond: 200,
    burst: 400,
  },
  // Put your own addresses here: until then nobody is told.
  alarms: { emails: [], dashboards: true, monthlyBudgetUsd: 2500 },
  // It holds nothing that production has not, or that a load does not bring again.
  allowDestroy: true,
  allowOverrides: false,
};
