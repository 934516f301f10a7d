import { Duration } from 'aws-cdk-lib';
import * as s3 from 'aws-cdk-lib/aws-s3';
import type { Problems } from '../../../lambda/model/problems.ts';

/**
 * Classes that are read at once, each cheaper to keep and dearer to read than the one before, with the fewest days
 * at which an object may move there and for which it is paid in any case
 * (docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-transition-general-considerations.html). Objects below
 * 128 KB stay where they are.
 */
const readable = {
  'standard-ia': { storageClass: s3.StorageClass.INFREQUENT_ACCESS, fromDays: 30 },
  'intelligent-tiering': { storageClass: s3.StorageClass.INTELLIGENT_TIERING, fromDays: 0 },
  'glacier-instant-retrieval': { storageClass: s3.StorageClass.GLACIER_INSTANT_RETRIEVAL, fromDays: 30 },
} as const;

/** Classes that must be restored for hours first: for what was deleted or overwritten, and for nothing else. */
const restored = {
  'glacier-flexible-retrieval': s3.StorageClass.GLACIER,
  'glacier-deep-archive': s3.StorageClass.DEEP_ARCHIVE,
} as const;

export type ColderClass = keyof typeof readable;
export type DeepClass = keyof typeof restored;

/** What happens to the archive's files as they age. */
export interface Ageing {
  readonly colderAfterDays: number | undefined;
  readonly colderClass: ColderClass;
  readonly deletedClass: DeepClass | undefined;
  readonly keepDeletedDays: number;
}

export function checkAgeing(ageing: Ageing, problems: Problems): void {
  const { colderAfterDays, colderClass, deletedClass, keepDeletedDays } = ageing;
  const known = Object.hasOwn(readable, colderClass) ? readable[colderClass] : undefined;
  if (known === undefined)
    problems.add(
      'colderClass',
      Object.hasOwn(restored, colderClass)
        ? `is '${colderClass}', whose files are not read before they are restored, so that reading, compaction and verify would fail`
        : `is '${colderClass}'`,
      `use ${Object.keys(readable).join(', ')}`,
    );
  const fromDays = known?.fromDays ?? 30;
  if (colderAfterDays !== undefined && (!Number.isInteger(colderAfterDays) || colderAfterDays < fromDays))
    problems.add('colderAfterDays', `is ${colderAfterDays}`, `use ${fromDays} or more, or leave it out`);
  if (!Number.isInteger(keepDeletedDays) || keepDeletedDays < 1)
    problems.add('keepDeletedDays', `is ${keepDeletedDays}`, 'use 1 or more');
  if (deletedClass !== undefined && !Object.hasOwn(restored, deletedClass))
    problems.add('deletedClass', `is '${deletedClass}'`, `use ${Object.keys(restored).join(' or ')}`);
}

export const renderLifecycle = (ageing: Ageing): s3.LifecycleRule[] => [
  {
    id: 'forget-what-was-deleted',
    noncurrentVersionExpiration: Duration.days(ageing.keepDeletedDays),
    ...(ageing.deletedClass === undefined
      ? {}
      : {
          noncurrentVersionTransitions: [
            { storageClass: restored[ageing.deletedClass], transitionAfter: Duration.days(1) },
          ],
        }),
    expiredObjectDeleteMarker: true,
    abortIncompleteMultipartUploadAfter: Duration.days(7),
  },
  ...(ageing.colderAfterDays === undefined
    ? []
    : [
        {
          id: 'colder',
          transitions: [
            {
              storageClass: readable[ageing.colderClass].storageClass,
              transitionAfter: Duration.days(ageing.colderAfterDays),
            },
          ],
        },
      ]),
];
