import type { Catalog } from '../../model/index.ts';
import { answerOrRefuse, type Refusal } from '../invoke/answer.ts';
import type { AggregateStore } from '../store.ts';
import type { ViewStore } from '../view-store.ts';
import { type ArchiveAnswer, renderHeld, renderRows } from './answer.ts';
import { parseArchiveRequest, placementIn } from './parse-request.ts';
import { parseViewRequest } from './parse-view-request.ts';
import { answerView } from './serve-views.ts';
import type { ViewAnswer } from './view-answer.ts';

/** Answers what a remote archive asks, from the archive itself. What goes wrong is an answer too, by its code. */
export function createArchiveServer({
  catalog,
  store,
  access = 'read',
}: {
  readonly catalog: Catalog;
  readonly store: AggregateStore & ViewStore;
  /** Whether it writes too. @default 'read' */
  readonly access?: 'read' | 'write';
}): (event: unknown) => Promise<ArchiveAnswer | ViewAnswer | Refusal> {
  const answer = async (event: unknown): Promise<ArchiveAnswer | ViewAnswer> => {
    const asked = parseViewRequest(event, (name) => placementIn(catalog, name));
    if (asked !== undefined) return answerView(store, asked, access);
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
  return (event) =>
    answerOrRefuse(() => answer(event), 'Ask for fewer days, rows or columns, or for totals.');
}
