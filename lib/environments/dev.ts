import type { Environment } from './environment.ts';

/** Small, cheap and complete: every store of production, two zones, nothing that scales by itself but Aurora. */
export const dev: Environment = {
  name: 'dev',
  network: { cidr: '10.64.0.0/16', availabilityZones: 2 },
  // One reader, which all workloads share.
  logRetentionDays: 30,
  relational: { minimumAcu: 0.5, maximumAcu: 4, readers: 1, workloadReaders: {}, backupDays: 7 },
  // Nobody works a mistake into a bill here.
  table: { indexWave: 0, billing: { mode: 'on-demand', maximum: { read: 2_000, write: 1_000 } } },
  views: { nodeType: 'cache.t4g.small', shards: 1, replicasPerShard: 1, snapshotDays: 3 },
  cache: { nodeType: 'cache.t4g.micro', shards: 1, replicasPerShard: 0 },
  search: { zones: 1, dataNodes: 1, dataNodeType: 't3.small.search', storageGibPerNode: 10 },
  archive: { keepDeletedDays: 7 },
  log: {
    brokerType: 't3.small',
    brokers: 2,
    storageGibPerBroker: 50,
    replication: 2,
    minimumInSyncReplicas: 1,
  },
  capture: { units: 1 },
  functions: { generation: 0 },
  api: {
    identity: {
      // An example by RFC 2606: put your own issuer here. Until then the API refuses every caller.
      issuer: 'https://identity.example.com/',
      audience: 'polystore-dev',
      keys: { kind: 'url', url: 'https://identity.example.com/.well-known/jwks.json' },
    },
    requestsPerSecond: 100,
    burst: 200,
  },
  // Put your own addresses here: until then nobody is told.
  alarms: { emails: [], dashboards: false, monthlyBudgetUsd: 800 },
  allowDestroy: true,
  // The deploy test runs dev on an emulator, with this machine's engines behind it.
  allowOverrides: true,
};
