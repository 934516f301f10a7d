import type { SourceStatement } from '../stores/store.ts';
import type { Statement } from './analyse.ts';
import type { OutputColumn } from './select-shape.ts';

/** How a write is carried out. */
export type WritePlan = { readonly kind: 'sql'; readonly statement: Statement } | RowWritePlan;

/** At a source that takes rows and full keys. */
export interface RowWritePlan {
  readonly kind: 'rows';
  readonly statement: SourceStatement;
  readonly returning: readonly OutputColumn[];
}
