import { type Workload, workloads } from '../../../lambda/model/index.ts';
import type { Problems } from '../../../lambda/model/problems.ts';
import { checkInstanceClass } from './capacity.ts';
import { checkStorage, type Gp3Storage } from './gp3-storage.ts';
import { type CareProps, checkCare, type PlacementProps, resolveCare } from './relational-store-props.ts';
import { checkRole, defaultWorkMemMib } from './work-memory.ts';

/** The replica of one workload. */
export interface InstanceReplica {
  /** A class without its prefix `db.`: `r8g.large`. */
  readonly instanceClass: string;
  /**
   * Memory of one sort or hash of a statement, in MiB; at least 1.
   * @default 256 for analytics and reporting, 8 for dashboards
   */
  readonly workMemMib?: number;
}

export interface RelationalInstanceProps extends PlacementProps, CareProps, Gp3Storage {
  /** A class without its prefix `db.`: `r8g.large`. */
  readonly instanceClass: string;
  /**
   * A standby in another zone, which takes over by itself within a minute or two and cannot be read.
   * @default true
   */
  readonly multiAz?: boolean;
  /**
   * Whether others depend on it: then it has to have a standby.
   * @default true
   */
  readonly production?: boolean;
  /**
   * A replica for a workload. One each: RDS has no endpoint that spreads over replicas.
   * @default - none: all workloads read from the writer
   */
  readonly replicas?: Readonly<Partial<Record<Workload, InstanceReplica>>>;
  /**
   * Memory of one sort or hash of a statement of the writer, in MiB; at least 1.
   * @default 8
   */
  readonly workMemMib?: number;
  /**
   * Connections of the writer and of each replica. One number for all: a replica does not start with fewer
   * than its source (postgresql.org/docs/17/hot-standby.html, Administrator's overview).
   * @default - one for 9,531,392 bytes of the writer's memory, at most 5,000
   */
  readonly maxConnections?: number;
}

/** The replica of a workload, with every default. */
export interface ReplicaOfWorkload extends Required<InstanceReplica> {
  readonly workload: Workload;
}

/** The props with every default. */
export function resolveInstanceProps(props: RelationalInstanceProps) {
  const replicas: readonly ReplicaOfWorkload[] = workloads.flatMap((workload) => {
    const found = props.replicas?.[workload];
    return found === undefined ? [] : [{ workload, workMemMib: defaultWorkMemMib[workload], ...found }];
  });
  return {
    ...props,
    ...resolveCare(props),
    multiAz: props.multiAz ?? true,
    production: props.production ?? true,
    workMemMib: props.workMemMib ?? defaultWorkMemMib.writer,
    replicas,
  } as const;
}
export type ResolvedInstanceProps = ReturnType<typeof resolveInstanceProps>;

export function checkInstanceProps(props: ResolvedInstanceProps, problems: Problems): void {
  checkInstanceClass('instanceClass', props.instanceClass, problems);
  if (!props.multiAz && props.production)
    problems.add(
      'multiAz',
      'is false in production, where the outage of one zone, or an upgrade, would stop every writer',
      'leave it out, or say production: false',
    );
  checkStorage(props, 20, problems);
  checkRole('writer', props, problems);
  for (const { workload, instanceClass, workMemMib } of props.replicas) {
    checkInstanceClass(`replicas.${workload}`, instanceClass, problems);
    checkRole(`replicas.${workload}`, { workMemMib }, problems);
  }
  checkCare(props, problems);
}
