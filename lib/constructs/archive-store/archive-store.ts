import { Annotations, RemovalPolicy } from 'aws-cdk-lib';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as s3 from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { acceptFinding } from '../accept-finding.ts';
import { refuseProblems } from '../props-problems.ts';
import { type ColderClass, checkAgeing, type DeepClass, renderLifecycle } from './lifecycle.ts';
import { checkObjectLock, lockWarning, type ObjectLock, renderObjectLock } from './object-lock.ts';

export interface ArchiveStoreProps {
  /** Folder of the bucket that holds the archive, without slashes around it. */
  readonly prefix: string;
  /**
   * After so many days a file moves to `colderClass`, which costs less to keep and more to read, and is read as
   * fast. At least 30; what is compacted away sooner never moves.
   * @default - files stay where they are
   */
  readonly colderAfterDays?: number;
  /**
   * Where files move. Classes that must be restored first are refused: reading, compaction and verify would fail.
   * @default 'glacier-instant-retrieval', a fifth of the price
   */
  readonly colderClass?: ColderClass;
  /**
   * For so many days what was deleted or overwritten can be brought back: the archive is the only place
   * that still has what the log forgot. At least 1.
   * @default 30
   */
  readonly keepDeletedDays?: number;
  /**
   * Where what was deleted or overwritten goes after a day. To bring it back takes hours, and it is paid for 90
   * days (180 in the deep archive) however soon it goes.
   * @default - it stays in the class that it had
   */
  readonly deletedClass?: DeepClass;
  /**
   * Locks every version of every object from when it is written. Compaction and sweeping go on, for they delete
   * no version; a warning says what that costs. Refused with `removalPolicy: DESTROY`. To be decided before there
   * is data: switching it on makes CloudFormation another, empty bucket.
   * @default - versions that were deleted are kept for `keepDeletedDays`, and could be deleted sooner
   */
  readonly objectLock?: ObjectLock;
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
    const { prefix, keepDeletedDays = 30, objectLock } = props;
    const { colderAfterDays, colderClass = 'glacier-instant-retrieval', deletedClass } = props;
    const ageing = { colderAfterDays, colderClass, deletedClass, keepDeletedDays };
    const removalPolicy = props.removalPolicy ?? RemovalPolicy.RETAIN;
    refuseProblems(this, (problems) => {
      if (!/^[\w-]+(\/[\w-]+)*$/.test(prefix))
        problems.add(
          'prefix',
          `is '${prefix}'`,
          "use names of letters, digits, '-' and '_', with '/' between",
        );
      checkAgeing(ageing, problems);
      checkObjectLock(objectLock, { removalPolicy, keepDeletedDays }, problems);
    });

    if (objectLock !== undefined)
      Annotations.of(this).addWarningV2('polystore:archive-lock', lockWarning(objectLock));

    this.prefix = prefix;
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
      lifecycleRules: renderLifecycle(ageing),
      ...renderObjectLock(objectLock),
      removalPolicy,
      autoDeleteObjects: removalPolicy === RemovalPolicy.DESTROY,
    });
    const reason =
      'Its only callers are functions with logs of their own; who must audit an account records data events with CloudTrail, which loses none.';
    acceptFinding(this.bucket, { rule: 'AwsSolutions-S1', reason }, { rule: 'CKV_AWS_18', reason });
  }

  /** `s3://bucket/prefix`. */
  get location(): string {
    return `s3://${this.bucket.bucketName}/${this.prefix}`;
  }
}
