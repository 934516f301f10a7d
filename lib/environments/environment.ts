import type { EnvironmentName, Front, TopicPartitions, Workload } from '../../lambda/model/index.ts';
import type { ColderClass, DeepClass, ObjectLock } from '../constructs/archive-store/index.ts';
import type { CacheScaling } from '../constructs/cache-store/index.ts';
import type { BrokerKind } from '../constructs/change-log/index.ts';
import type { ReaderScaling, WorkloadReaders } from '../constructs/relational-store/index.ts';
import type { SearchTiers } from '../constructs/search-store/index.ts';
import type {
  AcceleratorSettings,
  BillingByRates,
  TableBilling,
  TableReplication,
  WarmThroughput,
} from '../constructs/table-store/index.ts';
import type { WideColumnBilling, WideColumnReplication } from '../constructs/wide-column-store/index.ts';

/**
 * What differs from one environment to the next, as plain data. What is the same everywhere (encryption,
 * retention of data, who may talk to whom) is in the constructs; what follows from the model is in neither.
 */
export interface Environment {
  /** Lower case; part of the names of the stacks: `Flights-Dev-Network`. */
  readonly name: string;
  readonly network: {
    /** The VPC's range, a /16. */
    readonly cidr: string;
    /** Taken from the region at deploy time, so that synth looks nothing up. */
    readonly availabilityZones: 2 | 3;
  };
  /** How long CloudWatch keeps the logs of functions, stores, the API and the network: all of them. */
  readonly logRetentionDays: 7 | 14 | 30 | 90 | 180 | 365;
  readonly relational: {
    /** Aurora capacity units, in steps of 0.5. Logical replication keeps the cluster awake, so 0 never pauses. */
    readonly minimumAcu: number;
    readonly maximumAcu: number;
    /** Class of the writer and the shared readers: `r8g.large`. @default - they are serverless */
    readonly writerClass?: string;
    /** Readers that every workload without readers of its own shares. */
    readonly readers: number;
    /** Adds shared readers while they are busy. @default - there are always as many */
    readonly readerScaling?: Pick<ReaderScaling, 'maximum' | 'cpuPercent'>;
    /** Readers of one workload only, each workload behind an endpoint of its own. */
    readonly workloadReaders: Readonly<Partial<Record<Workload, WorkloadReaders>>>;
    /** How far back a point in time can be restored. */
    readonly backupDays: number;
    /** `io-optimized`: reads and writes cost nothing, storage and instances more. @default 'standard' */
    readonly storage?: 'standard' | 'io-optimized';
    /** `advanced` costs by capacity, and keeps 15 months. @default 'standard' */
    readonly databaseInsights?: 'standard' | 'advanced';
    /** A statement that takes longer is logged with its text. At least 1. @default 1000 */
    readonly slowStatementMs?: number;
    /** Memory of one sort or hash of the writer and the shared readers, in MiB. @default 8 */
    readonly workMemMib?: number;
    /**
     * An RDS Proxy between the writer and who answers requests; other functions, the readers and Debezium go past it.
     * `ConnectionProxy` says when it only costs. @default false
     */
    readonly proxy?: boolean;
    /**
     * Makes the cluster the primary of an Aurora Global Database, whose password is then nobody's to rotate. A secondary is no
     * environment: it only follows, and nothing of the functions could write there.
     * @default - none: one region
     */
    readonly globalDatabase?: { readonly identifier: string; readonly regions: readonly string[] };
  };
  /** The DynamoDB table, if the model has an entity in it. */
  readonly table: {
    /**
     * How many waves of index changes it has taken: DynamoDB makes or removes one index an update. By
     * `polystore model diff --write --env <name>` it takes the next; one wave a deployment.
     */
    readonly indexWave: number;
    /** What it is paid by; `by-rates`: capacity that follows from the rates of the model's entities. */
    readonly billing: TableBilling | BillingByRates;
    /** What it takes at once, beyond AWS's own. @default - AWS's own */
    readonly warmThroughput?: WarmThroughput;
    readonly warmThroughputOfIndex?: Readonly<Record<string, WarmThroughput>>;
    /** Which keys' requests are counted. @default - none */
    readonly contributorInsights?: 'throttled' | 'all';
    /** How far back a point in time can be restored. @default 35 */
    readonly recoveryDays?: number;
    /** Copies in other regions. @default - none */
    readonly replication?: TableReplication;
    /** DAX, for programs beside Polystore (see `TableAccelerator`). @default - none */
    readonly accelerator?: Omit<AcceleratorSettings, 'timeToLive'> & { readonly timeToLiveSeconds?: number };
  };
  /** The Valkey that holds views and never evicts. */
  readonly views: {
    /** With the prefix `cache.`: `cache.t4g.small`. */
    readonly nodeType: string;
    readonly shards: number;
    readonly replicasPerShard: number;
    readonly snapshotDays: number;
    /** How far it grows by itself. @default - not at all */
    readonly scaling?: CacheScaling;
  };
  /** The Valkey for what may be forgotten: it evicts, and is never snapshotted. */
  readonly cache: {
    /** With the prefix `cache.`: `cache.t4g.micro`. */
    readonly nodeType: string;
    readonly shards: number;
    readonly replicasPerShard: number;
    /** How far it grows by itself. @default - not at all */
    readonly scaling?: CacheScaling;
  };
  /** The tables of Keyspaces, if the model has a view there. @default - paid by the request, in one region */
  readonly wideColumn?: {
    readonly billing?: WideColumnBilling;
    /** By the tables' names, such as `flight_event__events_by_time`. */
    readonly billingOfTable?: Readonly<Record<string, WideColumnBilling>>;
    readonly replication?: WideColumnReplication;
  };
  /** The search domain, if the model has a view in it. */
  readonly search: {
    /** Zones that the nodes are spread over, at most those of the network. */
    readonly zones: 1 | 2 | 3;
    /** A multiple of the zones. */
    readonly dataNodes: number;
    /** With the suffix `.search`: `r7g.large.search`. */
    readonly dataNodeType: string;
    /** Class of three nodes that only manage the cluster. @default - data nodes do both */
    readonly managerType?: string;
    readonly storageGibPerNode: number;
    /** Rights by index in OpenSearch's own security too; never off again once it is on. @default false */
    readonly fineGrainedAccess?: boolean;
    /** Warm and cold storage for older indices, which nothing of Polystore moves. @default - none */
    readonly tiers?: SearchTiers;
    /** Hour of UTC at which updates may begin. @default 3 */
    readonly offPeakHour?: number;
  };
  /** The archive's bucket, if the model has a view in it. */
  readonly archive: {
    /** Age in days at which files move to a class that costs less to keep and more to read. @default - never */
    readonly colderAfterDays?: number;
    /** @default 'glacier-instant-retrieval' */
    readonly colderClass?: ColderClass;
    /** For how many days what was deleted can be brought back. */
    readonly keepDeletedDays: number;
    /** Where what was deleted goes after a day, to be restored for hours. @default - it stays where it is */
    readonly deletedClass?: DeepClass;
    /** Locks every version of every file; to be decided before there is data. @default - none */
    readonly objectLock?: ObjectLock;
  };
  /** What each field means and which kind has it: `ChangeLogProps`. */
  readonly log: {
    /** @default 'standard' */
    readonly kind?: BrokerKind;
    /** Without the prefix `kafka.` or `express.`: `t3.small`. */
    readonly brokerType?: string;
    /** A multiple of the availability zones. */
    readonly brokers?: number;
    readonly storageGibPerBroker?: number;
    /** Hours on the brokers' volumes; the rest of seven days only in tiered storage. @default - no tiered storage */
    readonly localRetentionHours?: number;
    /** Copies of each partition, at most one per broker. */
    readonly replication?: number;
    /** Copies that must have a record before it is acknowledged; fewer than there are, so that a broker can restart. */
    readonly minimumInSyncReplicas?: number;
    /**
     * Partitions of the topics of some entities, by their SQL names: to be decided before there is data, for
     * keys lie elsewhere in another number.
     * @default - what the model says
     */
    readonly partitions?: TopicPartitions;
  };
  /** Debezium's worker, if the model has an entity in Aurora. */
  readonly capture: {
    /** MSK Connect units of 1 vCPU and 4 GiB. */
    readonly units: 1 | 2 | 4 | 8;
  };
  readonly functions: {
    /** Generation of the changes that the functions capture (DESIGN §4), 0 to 127; raised after a restore. */
    readonly generation: number;
    /**
     * Executions at once that the account has in the region; synth refuses a load that needs over 80 % of it. Some
     * are reserved, unless that would leave fewer than the 100 that Lambda asks for: then synth warns.
     * @default 1000
     */
    readonly accountConcurrency?: number;
    /** What a request to the API takes in the mean: with its rate it says how many run at once. @default 0.25 */
    readonly secondsPerRequest?: number;
    /** Shards of the table's stream, about one for each of its partitions. @default 4, with which a table paid by requests begins */
    readonly streamShards?: number;
    /**
     * Variables of every function, in place of what the stacks would say: to use stores that are elsewhere.
     * @default - the stores are those of the stacks
     */
    readonly variables?: Variables;
  };
  readonly api: {
    readonly identity: Identity;
    /**
     * What stands before the functions: `http` costs least, `rest` has a WAF, sends answers as they are made, and
     * takes callers by IAM. Another front is another address.
     * @default 'http'
     */
    readonly front?: Front;
    /** Requests of one address in five minutes, above which the WAF of a front answers 429. @default - a tenth of the rate */
    readonly requestsPerAddress?: number;
    /**
     * IAM roles (without their path) and users that may ask behind the front `rest`, and as whom. Others are
     * refused; each also needs the right `execute-api:Invoke`.
     * @default - none
     */
    readonly principals?: Readonly<Record<string, Principal>>;
    /**
     * The router also as a service on Fargate, inside of the VPC, for load that does not sleep. @default - there is none
     */
    readonly service?: {
      /** Of ACM, in the region, for the name under which callers reach it. */
      readonly certificateArn: string;
      /** @default 1 */
      readonly vcpus?: 0.5 | 1 | 2 | 4;
      /** @default - two for each vCPU */
      readonly memoryGib?: number;
      /** @default 2 */
      readonly minimumTasks?: number;
      /** Each task has up to 8 connections to the writer, and a deployment twice as many tasks. @default 10 */
      readonly maximumTasks?: number;
      /** Requests a minute at which a task has company. @default 6000 */
      readonly requestsPerMinuteAndTask?: number;
    };
    /** Steady rate of all callers together, and how many may come at once above it; then they get 429. */
    readonly requestsPerSecond: number;
    readonly burst: number;
  };
  readonly alarms: {
    /** Who is told when an alarm rings: addresses, each of which confirms once. With none synth warns. */
    readonly emails: readonly string[];
    /** A dashboard for each store; CloudWatch takes money from the fourth of an account on. */
    readonly dashboards: boolean;
    /** What the environment may cost a month in US dollars before its owner is told: a limit, no estimate. */
    readonly monthlyBudgetUsd: number;
  };
  /** The first of two consents to destroy data; the second is `-c destroy=<environment>`. */
  readonly allowDestroy: boolean;
  /** Whether context may say other variables for the functions, as in `-c POLYSTORE_REDIS_TLS=off`. */
  readonly allowOverrides: boolean;
}

/** Variables that functions read (`lambda/model/environment.ts`), with their values. No value is a secret. */
export type Variables = Readonly<Partial<Record<EnvironmentName, string>>>;

/** As whom an IAM principal asks: a tenant, or an operator, who reads and writes all of them. */
export type Principal = { readonly tenant: string } | { readonly role: 'operator' };

/** Who may issue the callers' credentials. */
export interface Identity {
  /** An OpenID issuer, https. API Gateway reads its discovery document. */
  readonly issuer: string;
  readonly audience: string;
  /**
   * Where the functions get the issuer's keys. By `url` they follow a rotation, and need a way to the
   * internet (a NAT gateway). As a `document`, a JSON Web Key Set, they need none, and a rotation is a
   * deployment.
   */
  readonly keys:
    | { readonly kind: 'url'; readonly url: string }
    | { readonly kind: 'document'; readonly document: string };
}
