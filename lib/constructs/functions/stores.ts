import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import type { Backend } from '../../../lambda/model/index.ts';
import type { ArchiveStore } from '../archive-store/index.ts';
import type { CacheStore } from '../cache-store/index.ts';
import type { ChangeLog } from '../change-log/index.ts';
import type { RelationalDatabase } from '../relational-store/index.ts';
import type { SearchStore } from '../search-store/index.ts';
import type { TableStore } from '../table-store/index.ts';
import type { WideColumnStore } from '../wide-column-store/index.ts';

/** The stores that functions talk to. */
export interface Stores {
  readonly relational: RelationalDatabase;
  readonly table: TableStore;
  /** Never one that evicts. */
  readonly views: CacheStore<'noeviction'>;
  readonly log: ChangeLog;
  /** These three are there if the model has a view in them. */
  readonly wideColumn: WideColumnStore | undefined;
  readonly search: SearchStore | undefined;
  readonly archive: ArchiveStore | undefined;
}

/** A store that a backend needs. @throws TypeError when it was not given. */
export function needed<S>(store: S | undefined, backend: Backend): S {
  if (store === undefined) throw new TypeError(`a function talks to ${backend}, and there is no such store`);
  return store;
}

/** All that a function's rights and environment need of a secret. */
export type SecretReference = Pick<ISecret, 'secretArn'>;
