import type * as ec2 from 'aws-cdk-lib/aws-ec2';
import type * as kms from 'aws-cdk-lib/aws-kms';
import type * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import type { Workload } from '../../../lambda/model/index.ts';
import type { RelationalLacks } from './needs.ts';

/** A PostgreSQL of AWS's as its clients see it, whichever of the services runs it. */
export interface RelationalDatabase extends ec2.IConnectable {
  /** What Polystore needs and this service has not; what uses the database refuses it by name. */
  readonly lacks: RelationalLacks;
  readonly databaseName: string;
  readonly userName: string;
  /** Of storage, backups and the password. */
  readonly encryptionKey: kms.IKey;
  /** `username` and `password` of the master. It may be rotated, so clients read it per connection. */
  readonly secret: secretsmanager.ISecret;
  /** Host of the writer, whose port is PostgreSQL's own, 5432. */
  readonly writerHost: string;
  /** `host:port` of the writer. */
  readonly writerEndpoint: string;
  /** What many short connections go through to the writer. @default - there is none */
  readonly proxy?: { readonly writerEndpoint: string } | undefined;
  /** `host:port` of what may be read; of the writer while there is nothing else. */
  readonly readerEndpoint: string;
  /** `host:port` of the workload's own readers; if it has none, `readerEndpoint`. */
  endpointOf(workload: Workload): string;
}
