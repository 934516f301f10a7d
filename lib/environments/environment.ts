import type { EnvironmentName } from '../../lambda/model/index.ts';

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
  readonly relational: {
    /** Aurora capacity units, in steps of 0.5. Logical replication keeps the cluster awake, so 0 never pauses. */
    readonly minimumAcu: number;
    readonly maximumAcu: number;
    /** Besides the writer. */
    readonly readers: number;
    readonly backupDays: number;
  };
  readonly cache: {
    readonly nodeType: string;
    readonly shards: number;
    readonly replicasPerShard: number;
    readonly snapshotDays: number;
  };
  readonly log: {
    /** Without the prefix `kafka.`: `t3.small`. */
    readonly brokerType: string;
    /** A multiple of the availability zones. */
    readonly brokers: number;
    readonly storageGibPerBroker: number;
    readonly replication: number;
    readonly minimumInSyncReplicas: number;
  };
  readonly functions: {
    /** Generation of the changes that the functions capture (DESIGN §4), 0 to 127; raised after a restore. */
    readonly generation: number;
    readonly logRetentionDays: 7 | 14 | 30 | 90 | 180 | 365;
    /**
     * Variables of every function, in place of what the stacks would say: to use stores that are elsewhere.
     * @default - the stores are those of the stacks
     */
    readonly variables?: Variables;
  };
  readonly api: {
    readonly identity: Identity;
    readonly requestsPerSecond: number;
    readonly burst: number;
  };
  /** The first of two consents to destroy data; the second is `-c destroy=<environment>`. */
  readonly allowDestroy: boolean;
  /** Whether context may say other variables for the functions, as in `-c POLYSTORE_REDIS_TLS=off`. */
  readonly allowOverrides: boolean;
}

/** Variables that functions read (`lambda/model/environment.ts`), with their values. No value is a secret. */
export type Variables = Readonly<Partial<Record<EnvironmentName, string>>>;

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
