import { PolystoreError } from '../../errors.ts';
import type { Catalog } from '../../model/index.ts';
import type { AggregateStore } from '../store.ts';
import { type ArchiveAnswer, checkSize, renderError, renderHeld, renderRows } from './answer.ts';
import { parseArchiveRequest } from './parse-request.ts';

/** Answers what a remote archive asks, from the archive itself. What goes wrong is an answer too, by its code. */
export function createArchiveServer({
  catalog,
  store,
}: {
  readonly catalog: Catalog;
  readonly store: AggregateStore;
}): (event: unknown) => Promise<ArchiveAnswer> {
  const answer = async (event: unknown): Promise<ArchiveAnswer> => {
    const request = parseArchiveRequest(catalog, event);
    switch (request.kind) {
      case 'read':
        return renderRows(request.fragment.placement, await store.read(request.fragment));
      case 'aggregate':
        return { groups: await store.aggregate(request.fragment) };
      case 'versions':
        return renderHeld(await store.versions(request.placement, request.keys));
      case 'health':
        await store.health();
        return { healthy: true };
    }
  };
  return async (event) => {
    try {
      return checkSize(await answer(event));
    } catch (error) {
      if (error instanceof PolystoreError) return renderError(error);
      throw error;
    }
  };
}
