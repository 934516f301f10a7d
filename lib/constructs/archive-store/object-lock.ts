import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import * as s3 from 'aws-cdk-lib/aws-s3';
import type { Problems } from '../../../lambda/model/problems.ts';

/** For how long no version of an object can be deleted, and by whom all the same. */
export interface ObjectLock {
  /**
   * `governance`: whoever has `s3:BypassGovernanceRetention` can; no function has it. `compliance`: nobody can, the
   * account's root neither, until the days are over.
   */
  readonly mode: 'governance' | 'compliance';
  /** 1 to 36500. */
  readonly days: number;
}

const modes = {
  governance: s3.ObjectLockRetention.governance,
  compliance: s3.ObjectLockRetention.compliance,
};
const mostDays = 36_500;

export function checkObjectLock(
  lock: ObjectLock | undefined,
  bucket: { readonly removalPolicy: RemovalPolicy; readonly keepDeletedDays: number },
  problems: Problems,
): void {
  if (lock === undefined) return;
  if (!Object.hasOwn(modes, lock.mode))
    problems.add('objectLock.mode', `is '${lock.mode}'`, `use ${Object.keys(modes).join(' or ')}`);
  if (!Number.isInteger(lock.days) || lock.days < 1 || lock.days > mostDays)
    problems.add('objectLock.days', `is ${lock.days}`, `use 1 to ${mostDays}`);
  if (bucket.removalPolicy === RemovalPolicy.DESTROY)
    problems.add(
      'objectLock',
      'is on and removalPolicy is DESTROY, but what is locked cannot be emptied out of the bucket',
      'leave removalPolicy out, or objectLock',
    );
  if (bucket.keepDeletedDays < lock.days)
    problems.add(
      'keepDeletedDays',
      `is ${bucket.keepDeletedDays}, but what is deleted stays locked for ${lock.days}`,
      `use ${lock.days} or more, so that the number is true`,
    );
}

/** What a deployer should know of a lock that is no mistake. */
export const lockWarning = ({ days }: ObjectLock): string =>
  `Each version of the archive's objects is kept for ${days} days. Compaction, repair and sweeping go on, since what they delete or overwrite becomes an older version; but all of it is stored and paid for ${days} days more, the notes of progress too, which each batch overwrites. A row that is erased, for a person's sake or by verify --repair, is gone for readers and stays in older versions until then.`;

export const renderObjectLock = (
  lock: ObjectLock | undefined,
): Pick<s3.BucketProps, 'objectLockEnabled' | 'objectLockDefaultRetention'> =>
  lock === undefined
    ? {}
    : { objectLockEnabled: true, objectLockDefaultRetention: modes[lock.mode](Duration.days(lock.days)) };
