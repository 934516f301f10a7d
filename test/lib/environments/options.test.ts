import { describe, expect, test } from '@jest/globals';
import type {
  AcceleratorSettings,
  ArchiveStoreProps,
  CacheStoreProps,
  CaptureConnectorProps,
  ChangeLogProps,
  Environment,
  NetworkProps,
  ReaderScaling,
  RelationalStoreProps,
  RouterServiceProps,
  SearchStoreProps,
  TableStoreProps,
  WideColumnStoreProps,
} from '../../../lib/index.ts';

// A prop of a construct is an option of the environments by its own name, or by another one, or there is a reason
// why it is none. The types hold it: `npm run check:types` fails for a prop that nobody has decided on, and for a
// decision whose prop is gone or has become an option.

/** What becomes of the props that are no options by the same name. */
type Decisions<Props, Options> = {
  readonly [prop in Exclude<keyof Props, keyof Options>]: { readonly as: keyof Options } | Reason;
};
interface Reason {
  readonly because: string;
}

const place: Reason = { because: "the network's: environments say its range and zones" };
const consent: Reason = { because: 'data is kept, unless both consents of decideDestroy are given' };
const naming: Reason = { because: 'follows from the model and the name of the environment' };
const ofModel: Reason = { because: 'follows from the model' };
const windows: Reason = { because: 'quietWindows, the same for every store, so that they do not overlap' };
const wired: Reason = { because: 'another construct of the deployment' };
const ofFunctions: Reason = { because: 'of functions: the same for everything of the deployment' };
const ofApi: Reason = { because: 'of api: the same for the functions' };
const logs: Reason = { because: 'logRetentionDays: the same for every log of an environment' };
const placed = { vpc: place, vpcSubnets: place, securityGroups: place } as const;

const relational: Decisions<RelationalStoreProps, Environment['relational']> = {
  ...placed,
  deletionProtection: consent,
  removalPolicy: consent,
  slowStatement: { as: 'slowStatementMs' },
  global: { as: 'globalDatabase' },
  logRetention: logs,
  proxySecurityGroups: place,
};

type ReaderScalingOptions = NonNullable<Environment['relational']['readerScaling']>;
const readerScaling: Decisions<ReaderScaling, ReaderScalingOptions> = {
  cooldown: { because: 'how fast Aurora makes a reader does not differ by environment' },
};

const table: Decisions<TableStoreProps, Environment['table']> = {
  table: ofModel,
  deletionProtection: consent,
  removalPolicy: consent,
};

const accelerator: Decisions<AcceleratorSettings, NonNullable<Environment['table']['accelerator']>> = {
  timeToLive: { as: 'timeToLiveSeconds' },
};

const views: Decisions<CacheStoreProps<'noeviction'>, Environment['views']> = {
  ...placed,
  logRetention: logs,
  eviction: { because: 'a view that is evicted is a wrong answer' },
  snapshotWindow: windows,
  maintenanceWindow: windows,
  removalPolicy: consent,
};

const cache: Decisions<CacheStoreProps<'allkeys-lru'>, Environment['cache']> = {
  ...placed,
  logRetention: logs,
  eviction: { because: 'what is in it may be forgotten' },
  snapshotDays: { because: 'what may be forgotten is not worth a snapshot' },
  snapshotWindow: { because: 'there are no snapshots' },
  maintenanceWindow: windows,
  removalPolicy: { because: 'what may be forgotten goes with the stack' },
};

const search: Decisions<SearchStoreProps, Environment['search']> = {
  ...placed,
  domainName: naming,
  logRetention: logs,
  indices: ofModel,
  removalPolicy: consent,
};

const wideColumn: Decisions<WideColumnStoreProps, NonNullable<Environment['wideColumn']>> = {
  keyspaceName: naming,
  tables: ofModel,
  removalPolicy: consent,
};

const archive: Decisions<ArchiveStoreProps, Environment['archive']> = {
  prefix: naming,
  removalPolicy: consent,
};

const log: Decisions<ChangeLogProps, Environment['log']> = {
  ...placed,
  clusterName: naming,
  logRetention: logs,
  topics: ofModel,
  removalPolicy: consent,
};

const capture: Decisions<CaptureConnectorProps, Environment['capture']> = {
  ...placed,
  connectorName: naming,
  generation: ofFunctions,
  logRetention: logs,
  pluginFile: { because: 'what was built, not what is wished' },
  renderConnector: ofModel,
  topics: ofModel,
  offsetsTopic: ofModel,
  relational: wired,
  log: wired,
};

const service: Decisions<RouterServiceProps, NonNullable<Environment['api']['service']>> = {
  catalog: ofModel,
  serviceName: naming,
  codeFolder: { because: 'what was built, not what is wished' },
  network: wired,
  stores: wired,
  tokenSecret: wired,
  encryptionKey: wired,
  role: wired,
  functionOf: wired,
  identity: ofApi,
  front: { because: 'what stands before the functions; before the service stands its balancer' },
  principals: ofApi,
  requestsPerSecond: ofApi,
  generation: ofFunctions,
  variables: ofFunctions,
  logRetention: logs,
  topicPartitions: { because: 'for who makes the topics, which is the schema function' },
  unreadyIndexes: { because: 'follows from table.indexWave' },
};

const network: Decisions<NetworkProps, Environment['network']> = { edges: ofModel, logRetention: logs };

describe('every prop of a construct that is no option of the environments', () => {
  const decisions = {
    ...{ relational, readerScaling, table, accelerator, views, cache, search },
    ...{ wideColumn, archive, log, capture, service, network },
  };
  test.each(Object.entries(decisions))('of %s is one by another name, or has a reason', (_, decided) => {
    for (const [prop, decision] of Object.entries<{ readonly as: PropertyKey } | Reason>(decided))
      expect([prop, 'as' in decision ? decision.as : decision.because]).toEqual([
        prop,
        expect.stringMatching(/\w/),
      ]);
  });
});
