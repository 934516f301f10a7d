import type { Change } from '../../change/change.ts';
import { renderVersion } from '../../change/version.ts';
import { placementName } from '../placement.ts';
import type { Placement } from '../store.ts';
import type { DigestRequest, ProgressSpan, Repair, ScanRequest } from '../view-store.ts';

/** What is asked of the archive as a view that is looked through; any function that reads it answers. */
export type ReadingRequest =
  | { readonly kind: 'scan'; readonly request: ScanRequest }
  | { readonly kind: 'digest'; readonly request: DigestRequest }
  | { readonly kind: 'progress'; readonly placements: readonly Placement[] };

/** What the function that writes it answers too. */
export type WritingRequest =
  | { readonly kind: 'apply'; readonly placement: Placement; readonly changes: readonly Change[] }
  | { readonly kind: 'repair'; readonly placement: Placement; readonly repairs: readonly Repair[] }
  | { readonly kind: 'saveProgress'; readonly spans: readonly ProgressSpan[] }
  | { readonly kind: 'sweep'; readonly placement: Placement };

export type ViewRequest = ReadingRequest | WritingRequest;

/** A request as JSON: placements by their names, versions and offsets as texts. */
export function renderViewRequest(asked: ViewRequest): string {
  switch (asked.kind) {
    case 'scan': {
      const { placement, buckets, after, limit } = asked.request;
      return JSON.stringify({
        scan: {
          placement: placementName(placement),
          ...(buckets !== undefined && { buckets: { of: buckets.of, only: [...buckets.only] } }),
          after,
          limit,
        },
      });
    }
    case 'digest': {
      const { placement, only, ...rest } = asked.request;
      const buckets = only === undefined ? {} : { only: [...only] };
      return JSON.stringify({ digest: { ...rest, ...buckets, placement: placementName(placement) } });
    }
    case 'progress':
      return JSON.stringify({ progress: asked.placements.map(placementName) });
    case 'apply':
      return JSON.stringify({
        apply: {
          placement: placementName(asked.placement),
          changes: asked.changes.map(renderChange),
        },
      });
    case 'repair':
      return JSON.stringify({
        repair: {
          placement: placementName(asked.placement),
          repairs: asked.repairs.map(({ change, held }) => ({
            change: renderChange(change),
            ...(held !== undefined && { held: renderVersion(held) }),
          })),
        },
      });
    case 'saveProgress':
      return JSON.stringify({
        saveProgress: asked.spans.map(({ placement, topic, partition, from, to }) => ({
          placement: placementName(placement),
          topic,
          partition,
          from: String(from),
          to: String(to),
        })),
      });
    case 'sweep':
      return JSON.stringify({ sweep: placementName(asked.placement) });
  }
}

/** A change as JSON; the entity is the placement's. */
function renderChange(change: Change): object {
  const version = renderVersion(change.version);
  return change.kind === 'upsert'
    ? { key: change.key, version, row: change.row }
    : { key: change.key, version, ...(change.before !== undefined && { before: change.before }) };
}
