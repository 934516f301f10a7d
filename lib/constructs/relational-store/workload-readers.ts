import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as rds from 'aws-cdk-lib/aws-rds';
import type { Workload } from '../../../lambda/model/index.ts';
import type { Problems } from '../../../lambda/model/problems.ts';
import { pascalCase } from '../pascal-case.ts';
import { isInstanceClass, serverless } from './capacity.ts';
import { checkRole, defaultWorkMemMib } from './work-memory.ts';

/** The readers of one workload: all of one class, one tier and one group of parameters. */
export interface WorkloadReaders {
  /** At least 1. */
  readonly count: number;
  /** `serverless`, within the cluster's capacity units, or a class without its prefix `db.`: `r8g.large`. */
  readonly instanceClass: string;
  /**
   * 0 to 15: of those that are left Aurora promotes the lowest. A promoted reader leaves its endpoint, so
   * give the lowest to a workload with more than one, or whose readers are of the writer's size, and the
   * highest to a small one. Serverless readers of tiers 0 and 1 are always at least as large as the writer.
   */
  readonly promotionTier: number;
  /**
   * Memory of one sort or hash of a statement, in MiB; at least 1.
   * @default 256 for analytics and reporting, 8 for dashboards
   */
  readonly workMemMib?: number;
  /**
   * Connections that an instance takes at most; more are refused, and the router asks another placement.
   * With 256 MiB of `work_mem` it is what keeps the statements within the memory: synth warns where it does not.
   * A reader keeps it when it is promoted.
   * @default - one for 9,531,392 bytes of the instance's memory, at most 5,000
   */
  readonly maxConnections?: number;
}

/** Readers of a cluster and promotion tiers (docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide, Quotas, Failover). */
export const readersLimit = 15;
const highestTier = 15;

export type ReadersOfWorkload = WorkloadReaders & { readonly workload: Workload };

/** Ids of the instances in the cluster. */
export const readerIdsOf = ({ workload, count }: ReadersOfWorkload): readonly string[] =>
  Array.from({ length: count }, (_, index) => `${pascalCase(workload)}${index + 1}`);

/** What the parameters of the workload's readers say. */
export const roleOf = ({ workload, workMemMib, maxConnections }: ReadersOfWorkload) => ({
  workMemMib: workMemMib ?? defaultWorkMemMib[workload],
  maxConnections,
});

/** `scaleWithWriter` and the tier of a provisioned reader are what CDK makes of the tier. */
export const createReader = (
  id: string,
  { instanceClass, promotionTier }: WorkloadReaders,
  instance: rds.ServerlessV2ClusterInstanceProps,
): rds.IClusterInstance =>
  instanceClass === serverless
    ? rds.ClusterInstance.serverlessV2(id, { ...instance, scaleWithWriter: promotionTier <= 1 })
    : rds.ClusterInstance.provisioned(id, {
        ...instance,
        instanceType: new ec2.InstanceType(instanceClass),
        promotionTier,
      });

/** The resource of an instance of the cluster. */
export function instanceOf(cluster: rds.DatabaseCluster, id: string): rds.CfnDBInstance {
  const resource = cluster.node.findChild(id).node.defaultChild;
  if (!(resource instanceof rds.CfnDBInstance))
    throw new TypeError(`the reader ${id} is made of a CfnDBInstance`);
  return resource;
}

/** The resource of the cluster itself. */
export function clusterOf(cluster: rds.DatabaseCluster): rds.CfnDBCluster {
  const resource = cluster.node.defaultChild;
  if (!(resource instanceof rds.CfnDBCluster)) throw new TypeError('a cluster is made of a CfnDBCluster');
  return resource;
}

export function checkReaders(
  { shared, ofWorkloads }: { readonly shared: number; readonly ofWorkloads: readonly ReadersOfWorkload[] },
  problems: Problems,
): void {
  const all = [shared, ...ofWorkloads.map(({ count }) => count)];
  const total = all.reduce((sum, count) => sum + count);
  if (!all.every((count) => Number.isInteger(count) && count >= 0) || total > readersLimit)
    problems.add(
      'readers and workloadReaders',
      `are ${all.join(' + ')}`,
      `use whole numbers that make 0 to ${readersLimit} together`,
    );
  for (const readers of ofWorkloads) {
    const { workload, count, instanceClass, promotionTier } = readers;
    const name = `workloadReaders.${workload}`;
    if (count === 0) problems.add(name, 'has no reader', 'give it at least one, or leave it out');
    if (!isInstanceClass(instanceClass))
      problems.add(
        name,
        `is of class '${instanceClass}'`,
        "use 'serverless', or a class such as 'r8g.large'",
      );
    if (!Number.isInteger(promotionTier) || promotionTier < 0 || promotionTier > highestTier)
      problems.add(name, `has promotion tier ${promotionTier}`, `use 0 to ${highestTier}`);
    checkRole(name, roleOf(readers), problems);
  }
}
