import { PolystoreError } from '../../errors.ts';
import { fitsAnswer } from '../invoke/answer.ts';
import { placementName } from '../placement.ts';
import type { ScanRequest, ViewStore } from '../view-store.ts';
import { renderDigests, renderProgress, renderScan, type ViewAnswer } from './view-answer.ts';
import type { ReadingRequest, ViewRequest, WritingRequest } from './view-request.ts';

/** Answers what is asked of the archive as a view. */
export function answerView(
  store: ViewStore,
  asked: ViewRequest,
  access: 'read' | 'write',
): Promise<ViewAnswer> {
  if (isReading(asked)) return answerReading(store, asked);
  if (access === 'write') return answerWriting(store, asked);
  throw new PolystoreError(
    'not_supported',
    `This function reads the archive and was asked to ${asked.kind}${'placement' in asked ? ` ${placementName(asked.placement)}` : ''}; the function that applies the change log to it writes it.`,
  );
}

const isReading = (asked: ViewRequest): asked is ReadingRequest =>
  asked.kind === 'scan' || asked.kind === 'digest' || asked.kind === 'progress';

async function answerReading(store: ViewStore, asked: ReadingRequest): Promise<ViewAnswer> {
  switch (asked.kind) {
    case 'scan':
      return scan(store, asked.request);
    case 'digest':
      return renderDigests(await store.digest(asked.request));
    case 'progress':
      return renderProgress(await store.readProgress(asked.placements));
  }
}

/** A page of rows that are too large together has fewer of them. */
async function scan(store: ViewStore, request: ScanRequest): Promise<ViewAnswer> {
  for (let limit = request.limit; ; limit = Math.floor(limit / 4)) {
    const page = await store.scan({ ...request, limit });
    const answer = renderScan(request.placement, page);
    if (fitsAnswer(answer) || page.rows.length <= 1) return answer;
    limit = Math.min(limit, page.rows.length);
  }
}

async function answerWriting(store: ViewStore, asked: WritingRequest): Promise<ViewAnswer> {
  switch (asked.kind) {
    case 'apply': {
      const { applied, stale, rejected } = await store.apply(asked.placement, asked.changes);
      return {
        applied,
        stale,
        rejected: rejected.map(({ change, reason }) => ({ at: asked.changes.indexOf(change), reason })),
      };
    }
    case 'repair': {
      const { repaired, moved } = await store.repair(asked.placement, asked.repairs);
      return { repaired, moved: moved.map((repair) => asked.repairs.indexOf(repair)) };
    }
    case 'saveProgress': {
      const { gaps } = await store.saveProgress(asked.spans);
      return { gaps: gaps.map((span) => asked.spans.indexOf(span)) };
    }
    case 'sweep':
      return store.sweep(asked.placement);
  }
}
