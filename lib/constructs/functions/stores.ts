import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import type { CacheStore } from '../cache-store/index.ts';
import type { ChangeLog } from '../change-log/index.ts';
import type { RelationalStore } from '../relational-store/index.ts';
import type { TableStore } from '../table-store/index.ts';

/** The stores that functions talk to. */
export interface Stores {
  readonly relational: RelationalStore;
  readonly table: TableStore;
  /** Never one that evicts. */
  readonly views: CacheStore<'noeviction'>;
  readonly log: ChangeLog;
}

/** All that a function's rights and environment need of a secret. */
export type SecretReference = Pick<ISecret, 'secretArn'>;
