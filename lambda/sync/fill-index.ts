import { PolystoreError } from '../errors.ts';
import { type Catalog, entitiesOfIndex } from '../model/index.ts';
import type { JobTools } from './job-tools.ts';
import { sourceOf } from './sync-stores.ts';

export interface FillIndexWork {
  readonly kind: 'fill-index';
  /** A global index of the DynamoDB table. */
  readonly index: string;
  readonly state: {
    readonly phase: 'read' | 'done';
    readonly after: string | null;
    readonly counts: {
      readonly read: number;
      readonly filled: number;
      /** What the index will lack. */
      readonly unfilled: number;
    };
  };
}

/** @throws PolystoreError `invalid_request` where the model has no such index. */
export function beginFillIndex(catalog: Catalog, index: string): FillIndexWork {
  if (entitiesOfIndex(catalog, index).length === 0)
    throw new PolystoreError(
      'invalid_request',
      `The DynamoDB table has no index '${index}' to fill. It has: ${catalog.table?.globalIndexes.map(({ name }) => name).join(', ') || 'none'}. A local index needs no filling: it is made with its table.`,
    );
  return {
    kind: 'fill-index',
    index,
    state: { phase: 'read', after: null, counts: { read: 0, filled: 0, unfilled: 0 } },
  };
}

/** One step of filling an index: a page of the table, whose items are given the keys that they lack. */
export async function stepFillIndex(tools: JobTools, work: FillIndexWork): Promise<FillIndexWork> {
  const { index, state } = work;
  const [entity] = entitiesOfIndex(tools.catalog, index);
  if (entity === undefined)
    throw new PolystoreError(
      'invalid_request',
      `The model has no index '${index}' any more. Stop the job: "polystore jobs stop <id>".`,
    );
  // All of them lie in one table.
  const source = sourceOf(tools.stores, entity);
  const { fillIndex } = source;
  if (fillIndex === undefined)
    throw new PolystoreError('not_supported', `The source of ${entity.name} keeps no keys of indexes.`);
  const page = await tools.pace.run(() =>
    fillIndex.call(source, { index, after: state.after ?? undefined, limit: tools.pace.rows() }),
  );
  if (page.unfilled.length > 0)
    tools.log.error('an index will lack rows', { index, first: page.unfilled.slice(0, 10) });
  const { counts } = state;
  return {
    ...work,
    state: {
      phase: page.next === undefined ? 'done' : 'read',
      after: page.next ?? null,
      counts: {
        read: counts.read + page.read,
        filled: counts.filled + page.filled,
        unfilled: counts.unfilled + page.unfilled.length,
      },
    },
  };
}
