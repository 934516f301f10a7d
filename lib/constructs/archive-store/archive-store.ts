import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as s3 from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { acceptFinding } from '../accept-finding.ts';
import { refuseProblems } from '../props-problems.ts';

export interface ArchiveStoreProps {
  /** Folder of the bucket that holds the archive, without slashes around it. */
  readonly prefix: string;
  /**
   * After so many days a file moves to a class that costs a fifth to keep and more to read, and is read
   * as fast: Glacier Instant Retrieval. At least 30; what is compacted away sooner never moves.
   * @default - files stay where they are
   */
  readonly colderAfterDays?: number;
  /**
   * For so many days what was deleted or overwritten can be brought back: the archive is the only place
   * that still has what the log forgot. At least 1.
   * @default 30
   */
  readonly keepDeletedDays?: number;
  /**
   * What becomes of the archive when the construct leaves the stack; DESTROY empties the bucket first.
   * @default RemovalPolicy.RETAIN
   */
  readonly removalPolicy?: RemovalPolicy;
}

/** A bucket for the archive: versioned, encrypted with a key of its own, over TLS only, public to nobody. */
export class ArchiveStore extends Construct {
  readonly bucket: s3.Bucket;
  readonly encryptionKey: kms.Key;
  readonly prefix: string;
  /** Id of the configuration by which S3 tells CloudWatch of requests. */
  readonly requestMetrics = 'all';

  constructor(scope: Construct, id: string, props: ArchiveStoreProps) {
    super(scope, id);
    const { prefix, colderAfterDays, keepDeletedDays = 30 } = props;
    refuseProblems(this, (problems) => {
      if (!/^[\w-]+(\/[\w-]+)*$/.test(prefix))
        problems.add(
          'prefix',
          `is '${prefix}'`,
          "use names of letters, digits, '-' and '_', with '/' between",
        );
      if (colderAfterDays !== undefined && (!Number.isInteger(colderAfterDays) || colderAfterDays < 30))
        problems.add('colderAfterDays', `is ${colderAfterDays}`, 'use 30 or more, or leave it out');
      if (!Number.isInteger(keepDeletedDays) || keepDeletedDays < 1)
        problems.add('keepDeletedDays', `is ${keepDeletedDays}`, 'use 1 or more');
    });

    this.prefix = prefix;
    const removalPolicy = props.removalPolicy ?? RemovalPolicy.RETAIN;
    this.encryptionKey = new kms.Key(this, 'Key', {
      description: 'S3: the archive',
      enableKeyRotation: true,
      removalPolicy,
    });
    this.bucket = new s3.Bucket(this, 'Bucket', {
      encryption: s3.BucketEncryption.KMS,
      encryptionKey: this.encryptionKey,
      // One request to the key for many objects.
      bucketKeyEnabled: true,
      enforceSSL: true,
      minimumTLSVersion: 1.2,
      blockPublicAccess: s3.BlockPublicAccess.BLOCK_ALL,
      objectOwnership: s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
      versioned: true,
      metrics: [{ id: this.requestMetrics }],
      lifecycleRules: [
        {
          id: 'forget-what-was-deleted',
          noncurrentVersionExpiration: Duration.days(keepDeletedDays),
          expiredObjectDeleteMarker: true,
          abortIncompleteMultipartUploadAfter: Duration.days(7),
        },
        ...(colderAfterDays === undefined
          ? []
          : [
              {
                id: 'colder',
                transitions: [
                  {
                    storageClass: s3.StorageClass.GLACIER_INSTANT_RETRIEVAL,
                    transitionAfter: Duration.days(colderAfterDays),
                  },
                ],
              },
            ]),
      ],
      removalPolicy,
      autoDeleteObjects: removalPolicy === RemovalPolicy.DESTROY,
    });
    acceptFinding(this.bucket, {
      rule: 'AwsSolutions-S1',
      reason:
        'Its only callers are functions with logs of their own; who must audit an account records data events with CloudTrail, which loses none.',
    });
  }

  /** `s3://bucket/prefix`. */
  get location(): string {
    return `s3://${this.bucket.bucketName}/${this.prefix}`;
  }
}
