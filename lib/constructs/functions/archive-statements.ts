import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { ArchiveStore } from '../archive-store/index.ts';
import { useKey } from '../key-statements.ts';

/** For those that only read: objects below the archive's prefix, and their names. */
export const readArchive = (archive: ArchiveStore): readonly PolicyStatement[] => [
  new PolicyStatement({ actions: ['s3:GetObject'], resources: [objectsOf(archive)] }),
  listArchive(archive),
  useKey(archive.encryptionKey, 's3', ['kms:Decrypt']),
];

/** For apply: it also writes, and deletes what it compacted; versions of what it deletes it can not touch. */
export const writeArchive = (archive: ArchiveStore): readonly PolicyStatement[] => [
  new PolicyStatement({
    actions: ['s3:AbortMultipartUpload', 's3:DeleteObject', 's3:GetObject', 's3:PutObject'],
    resources: [objectsOf(archive)],
  }),
  listArchive(archive),
  useKey(archive.encryptionKey, 's3', ['kms:Decrypt', 'kms:GenerateDataKey']),
];

const objectsOf = ({ bucket, prefix }: ArchiveStore): string => bucket.arnForObjects(`${prefix}/*`);

const listArchive = ({ bucket, prefix }: ArchiveStore): PolicyStatement =>
  new PolicyStatement({
    actions: ['s3:ListBucket'],
    resources: [bucket.bucketArn],
    conditions: { StringLike: { 's3:prefix': `${prefix}/*` } },
  });
