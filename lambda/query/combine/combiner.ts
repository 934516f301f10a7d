import type { Row, Value } from '../../change/change.ts';
import type { OutputColumn } from './compiler.ts';
import type { ColumnSqlType } from './sql-type.ts';

/** Rows that placements gave, as a table of the combine step. */
export interface CombineTable {
  readonly table: string;
  readonly columns: readonly { readonly name: string; readonly type: ColumnSqlType }[];
  readonly rows: readonly Row[];
}

export interface CombineRequest {
  readonly sql: string;
  readonly columns: readonly OutputColumn[];
  readonly tables: readonly CombineTable[];
  /** `deadline_exceeded` after so many milliseconds. */
  readonly timeoutMs: number;
  /** More rows than this is `result_too_large`. */
  readonly maxRows: number;
}

/** Runs what was compiled over what was read. One engine, many statements at once; nothing of one is seen by another. */
export interface Combiner {
  /**
   * Canonical values, in the order of the columns.
   * @throws PolystoreError `deadline_exceeded`, `result_too_large`, `invalid_value` for what a statement does with
   * its values, as PostgreSQL does (a division by zero), `not_supported` for a value that is combined otherwise than there
   */
  run(request: CombineRequest): Promise<readonly (readonly Value[])[]>;
  /** Resolves when it runs statements; throws `store_unavailable`. */
  health(): Promise<void>;
  close(): Promise<void>;
}
