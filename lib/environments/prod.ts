import type { Environment } from './environment.ts';

/** Three zones, a reader for each workload, three copies of each change, and nothing that can be destroyed. */
export const prod: Environment = {
  name: 'prod',
  network: { cidr: '10.66.0.0/16', availabilityZones: 3 },
  logRetentionDays: 90,
  relational: {
    minimumAcu: 2,
    maximumAcu: 64,
    readers: 0,
    workloadReaders: {
      // Always as large as the writer, so it is the one to take its place.
      dashboard: { count: 1, instanceClass: 'serverless', promotionTier: 1 },
      // 80 × 256 MiB of the 32 GiB, 40 of the 16.
      analytics: { count: 1, instanceClass: 'r8g.xlarge', promotionTier: 2, maxConnections: 80 },
      reporting: { count: 1, instanceClass: 'r8g.large', promotionTier: 15, maxConnections: 40 },
    },
    backupDays: 35,
    databaseInsights: 'advanced',
  },
  table: {
    indexWave: 0,
    // What a new table takes anyway; raise it with the load.
    billing: { mode: 'on-demand', maximum: { read: 12_000, write: 4_000 } },
    contributorInsights: 'throttled',
  },
  views: {
    nodeType: 'cache.r7g.large',
    shards: 3,
    replicasPerShard: 2,
    snapshotDays: 14,
    // It never evicts, so it grows before it is full.
    scaling: { shards: { maximum: 9 } },
  },
  cache: {
    nodeType: 'cache.r7g.large',
    shards: 1,
    replicasPerShard: 1,
    // Full of old results is as it should be: only work makes it grow.
    scaling: { shards: { maximum: 3, by: 'cpu' } },
  },
  search: {
    zones: 3,
    dataNodes: 3,
    dataNodeType: 'r7g.large.search',
    managerType: 'm7g.large.search',
    storageGibPerNode: 200,
    fineGrainedAccess: true,
  },
  archive: { colderAfterDays: 90, keepDeletedDays: 30 },
  log: {
    brokerType: 'm7g.large',
    // Three in each zone.
    brokers: 9,
    storageGibPerBroker: 500,
    // What is older is read when a view is filled anew, and then in long stretches.
    localRetentionHours: 72,
    replication: 3,
    minimumInSyncReplicas: 2,
    partitions: { flight_event: 48 },
  },
  capture: { units: 2 },
  functions: { generation: 0 },
  api: {
    front: 'rest',
    identity: {
      // An example by RFC 2606: put your own issuer here. Until then the API refuses every caller.
      issuer: 'https://identity.example.com/',
      audience: 'polystore-prod',
      keys: { kind: 'url', url: 'https://identity.example.com/.well-known/jwks.json' },
    },
    // The router as a service (`service`) needs a certificate of yours. At a steady load of hundreds of requests a second it
    // costs a fraction of what as many invocations do; at rest two tasks, a load balancer and endpoints cost more than none.
    requestsPerSecond: 1000,
    burst: 2000,
  },
  // Put your own addresses here: until then nobody is told.
  alarms: { emails: [], dashboards: true, monthlyBudgetUsd: 8000 },
  allowDestroy: false,
  allowOverrides: false,
};
