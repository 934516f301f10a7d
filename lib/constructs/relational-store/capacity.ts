import { Annotations } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import type { Problems } from '../../../lambda/model/problems.ts';
import { gibOfAcu, memoryGibOf } from './instance-memory.ts';

/** What serverless instances scale between, in Aurora capacity units. */
export interface Capacity {
  readonly minimumAcu: number;
  readonly maximumAcu: number;
}

/** The word for an instance that scales by itself, in the place of a class. */
export const serverless = 'serverless';

/** `serverless`, or a class without its prefix `db.`. */
export const isInstanceClass = (value: string): boolean => value === serverless || isProvisionedClass(value);

const isProvisionedClass = (value: string): boolean => /^[a-z]\w*\.\w+$/.test(value);

/** Where nothing is serverless. */
export function checkInstanceClass(where: string, instanceClass: string, problems: Problems): void {
  if (!isProvisionedClass(instanceClass))
    problems.add(where, `is of class '${instanceClass}'`, "use a class such as 'r8g.large'");
}

/** 0 to 256 by 0.5, the most at least 1 (docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide, Serverless v2 capacity). */
const mostAcu = 256;

export function checkCapacity({ minimumAcu, maximumAcu }: Capacity, problems: Problems): void {
  const isAcu = (value: number) => Number.isInteger(value * 2) && value >= 0 && value <= mostAcu;
  if (!isAcu(minimumAcu) || !isAcu(maximumAcu) || maximumAcu < 1 || minimumAcu > maximumAcu)
    problems.add(
      'minimumAcu and maximumAcu',
      `are ${minimumAcu} and ${maximumAcu}`,
      `use steps of 0.5 from 0 to ${mostAcu}, the maximum at least 1 and not below the minimum`,
    );
}

/**
 * An instance pauses at 0 units once it is idle, but not in a cluster that replicates logically
 * (…/AuroraUserGuide/aurora-serverless-v2-auto-pause.html), as this one does for Debezium.
 */
export function warnOfPause(scope: Construct, { minimumAcu }: Capacity): void {
  if (minimumAcu === 0)
    Annotations.of(scope).addWarningV2(
      'polystore:never-pauses',
      'minimumAcu is 0, but logical replication keeps the cluster awake, so it never pauses and costs as with 0.5',
    );
}

/** GiB that an instance has; of a serverless one that of its most capacity. Undefined for an unknown class. */
export const memoryGibWithin = (instanceClass: string, { maximumAcu }: Capacity): number | undefined =>
  instanceClass === serverless ? maximumAcu * gibOfAcu : memoryGibOf(instanceClass);
