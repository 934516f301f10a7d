import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import type * as ec2 from 'aws-cdk-lib/aws-ec2';
import type { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { type Workload, workloads } from '../../../lambda/model/index.ts';
import type { Problems } from '../../../lambda/model/problems.ts';
import { defaultLogRetention } from '../log-group.ts';
import { checkStateful, type StatefulProps } from '../props-problems.ts';
import { quietWindows } from '../time-windows.ts';
import { checkCapacity, isInstanceClass, serverless } from './capacity.ts';
import { checkGlobal, type GlobalRole } from './global-database.ts';
import { checkScaling, type ReaderScaling } from './reader-scaling.ts';
import { checkRole, defaultWorkMemMib } from './work-memory.ts';
import { checkReaders, type ReadersOfWorkload, type WorkloadReaders } from './workload-readers.ts';

/** Where a database lies and who may connect; the same for every service. */
export interface PlacementProps {
  readonly vpc: ec2.IVpc;
  /**
   * At least two zones.
   * @default - isolated subnets
   */
  readonly vpcSubnets?: ec2.SubnetSelection;
  /**
   * Groups that say who may connect.
   * @default - one that lets nobody in; use `connections`
   */
  readonly securityGroups?: ec2.ISecurityGroup[];
}

/** How the service looks after a database; the same for every service. */
export interface CareProps extends StatefulProps {
  /**
   * How long CloudWatch keeps the exported log. RDS makes the log group with the database, so a function of the CDK's
   * sets this; CloudWatch encrypts it with a key of its own.
   * @default logs.RetentionDays.ONE_MONTH
   */
  readonly logRetention?: RetentionDays | undefined;
  /**
   * How many days a point in time can be restored, 1 to 35, to the second; the last minutes are missing
   * (docs/relational.md says how).
   * @default 14
   */
  readonly backupDays?: number;
  /**
   * A statement that takes longer is logged with its text, without its parameters. At least 1 ms.
   * @default Duration.seconds(1)
   */
  readonly slowStatement?: Duration;
  /**
   * Database Insights: `advanced` costs by vCPU or capacity unit and keeps 15 months; `standard` keeps 7 days
   * of load by statement and is free.
   * @default 'standard'
   */
  readonly databaseInsights?: 'standard' | 'advanced';
}

export interface RelationalStoreProps extends PlacementProps, CareProps {
  /**
   * Least capacity of a serverless instance in Aurora capacity units of 2 GiB, 0 to 256 by 0.5. At 0 other
   * clusters pause when idle; this one never does, since logical replication keeps it awake, and synth warns.
   * @default 0.5
   */
  readonly minimumAcu?: number;
  /**
   * Most capacity of a serverless instance, 1 to 256 by 0.5.
   * @default 16
   */
  readonly maximumAcu?: number;
  /**
   * `serverless`, or a class without its prefix `db.`: `r8g.8xlarge`. The shared readers are of it too.
   * @default 'serverless'
   */
  readonly writerClass?: string;
  /**
   * Memory of one sort or hash of a statement of the writer and the shared readers, in MiB; at least 1.
   * @default 8
   */
  readonly workMemMib?: number;
  /**
   * Readers of the writer's class, for every workload that has none of its own. With no reader at all,
   * what is meant for one goes to the writer. 15 readers a cluster, of either sort.
   * @default 1
   */
  readonly readers?: number;
  /**
   * Readers of one workload only, behind an endpoint of its own.
   * @default - none: all workloads share the readers
   */
  readonly workloadReaders?: Readonly<Partial<Record<Workload, WorkloadReaders>>>;
  /**
   * Adds shared readers while they are busy.
   * @default - there are always as many as `readers` says
   */
  readonly readerScaling?: ReaderScaling;
  /**
   * `io-optimized` charges nothing for reads and writes, and more for storage and instances: cheaper where
   * they are over a quarter of the bill. Can be switched once in 30 days, without an outage.
   * @default 'standard'
   */
  readonly storage?: 'standard' | 'io-optimized';
  /**
   * Puts an RDS Proxy before the cluster, as {@link ConnectionProxy} says; `store.proxy` has its endpoints.
   * @default false
   */
  readonly proxy?: boolean;
  /**
   * Groups of the proxy that say who may connect to it, and that the cluster's own let in already.
   * @default - one that lets nobody in and that the cluster lets in; use `store.proxy.connections`
   */
  readonly proxySecurityGroups?: ec2.ISecurityGroup[];
  /**
   * The cluster's part in an Aurora Global Database.
   * @default - none: one region
   */
  readonly global?: GlobalRole;
}

/** How a database is looked after, with every default. */
export const resolveCare = (props: CareProps) =>
  ({
    backupDays: props.backupDays ?? 14,
    slowStatement: props.slowStatement ?? Duration.seconds(1),
    databaseInsights: props.databaseInsights ?? 'standard',
    logRetention: props.logRetention ?? defaultLogRetention,
  }) as const;

/** What the CDK's Aurora clusters take of it. */
export const renderCare = (
  props: StatefulProps & Pick<ReturnType<typeof resolveCare>, 'logRetention' | 'backupDays'>,
) => ({
  cloudwatchLogsExports: ['postgresql'],
  cloudwatchLogsRetention: props.logRetention,
  backup: { retention: Duration.days(props.backupDays), preferredWindow: quietWindows.daily },
  preferredMaintenanceWindow: quietWindows.weekly,
  copyTagsToSnapshot: true,
  deletionProtection: props.deletionProtection ?? true,
  removalPolicy: props.removalPolicy ?? RemovalPolicy.SNAPSHOT,
});

/** The props with every default. */
export function resolveStoreProps(props: RelationalStoreProps) {
  const workloadReaders: readonly ReadersOfWorkload[] = workloads.flatMap((workload) => {
    const found = props.workloadReaders?.[workload];
    return found === undefined ? [] : [{ workload, ...found }];
  });
  return {
    ...props,
    minimumAcu: props.minimumAcu ?? 0.5,
    maximumAcu: props.maximumAcu ?? 16,
    writerClass: props.writerClass ?? serverless,
    workMemMib: props.workMemMib ?? defaultWorkMemMib.writer,
    readers: props.readers ?? 1,
    workloadReaders,
    ...resolveCare(props),
    storage: props.storage ?? 'standard',
    proxy: props.proxy ?? false,
  } as const;
}
export type ResolvedStoreProps = ReturnType<typeof resolveStoreProps>;

/** Days of backups of a cluster or instance (docs.aws.amazon.com/AmazonRDS/latest/UserGuide/CHAP_Limits.html). */
const mostBackupDays = 35;

/** The checks of {@link CareProps} that all services share. */
export function checkCare(
  props: StatefulProps & { readonly backupDays: number; readonly slowStatement: Duration },
  problems: Problems,
): void {
  checkStateful(props, problems);
  const { backupDays, slowStatement } = props;
  if (!Number.isInteger(backupDays) || backupDays < 1 || backupDays > mostBackupDays)
    problems.add('backupDays', `is ${backupDays}`, `use 1 to ${mostBackupDays}`);
  if (slowStatement.toMilliseconds({ integral: false }) < 1)
    problems.add('slowStatement', 'is shorter than a millisecond', 'use at least Duration.millis(1)');
}

export function checkStoreProps(props: ResolvedStoreProps, problems: Problems): void {
  checkCapacity(props, problems);
  if (!isInstanceClass(props.writerClass))
    problems.add(
      'writerClass',
      `is '${props.writerClass}'`,
      "use 'serverless', or a class such as 'r8g.large'",
    );
  checkRole('writer', props, problems);
  const { readers: shared, workloadReaders: ofWorkloads, readerScaling } = props;
  checkReaders({ shared, ofWorkloads }, problems);
  if (readerScaling !== undefined)
    checkScaling(
      readerScaling,
      {
        fixed: ofWorkloads.reduce((sum, { count }) => sum + count, shared),
        sharingWorkloads: workloads.length - ofWorkloads.length,
      },
      problems,
    );
  if (props.global !== undefined) checkGlobal(props.global, problems);
  if (props.proxy && props.global?.kind === 'secondary')
    problems.add(
      'proxy',
      'is before a secondary, which has no writer to reach',
      'put it before the primary, and switch it on here after a promotion',
    );
  checkCare(props, problems);
}
