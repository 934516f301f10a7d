import type { Problems } from '../../lambda/model/problems.ts';

/** Units a second, which a table of DynamoDB or Keyspaces moves between by itself. */
export interface UnitRange {
  readonly minimum: number;
  readonly maximum: number;
}

/** Capacity that is paid for whether it is used or not, and follows what is used. */
export interface ScaledCapacity {
  readonly read: UnitRange;
  readonly write: UnitRange;
  /**
   * Percent of the capacity that should be in use, 20 to 90.
   * @default 70
   */
  readonly targetPercent?: number;
}

/**
 * Both services take targets from 20 to 90 % and 40,000 units a table unless the account's quota was raised
 * (docs.aws.amazon.com: amazondynamodb, Quotas and AutoScaling; keyspaces, Quotas).
 */
const limits = { leastTarget: 20, mostTarget: 90 } as const;
export const defaultTargetPercent = 70;

/** @param where the name of the prop, in front of its fields. */
export function checkScaledCapacity(where: string, capacity: ScaledCapacity, problems: Problems): void {
  for (const side of ['read', 'write'] as const) {
    const { minimum, maximum } = capacity[side];
    if (!Number.isInteger(minimum) || !Number.isInteger(maximum) || minimum < 1 || maximum < minimum)
      problems.add(
        `${where}.${side}`,
        `is ${minimum} to ${maximum} units a second`,
        'use whole numbers from 1, the maximum not below the minimum',
      );
  }
  const { targetPercent: target = defaultTargetPercent } = capacity;
  if (!Number.isInteger(target) || target < limits.leastTarget || target > limits.mostTarget)
    problems.add(
      `${where}.targetPercent`,
      `is ${target}`,
      `use a whole number from ${limits.leastTarget} to ${limits.mostTarget}`,
    );
}
