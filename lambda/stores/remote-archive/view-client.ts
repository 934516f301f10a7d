import type { Change } from '../../change/change.ts';
import { onlyBuild } from '../archive/only-build.ts';
import { parted } from '../parted.ts';
import type { ApplyResult, Placement, Store } from '../store.ts';
import type { ProgressSpan, RepairResult, ViewStore } from '../view-store.ts';
import {
  parseApplied,
  parseDigests,
  parseGaps,
  parseProgress,
  parseRepaired,
  parseScan,
  parseSwept,
} from './view-answer.ts';
import type { ReadingRequest, WritingRequest } from './view-request.ts';

export interface RemoteViewOptions {
  readonly read: (asked: ReadingRequest) => Promise<unknown>;
  readonly write: (asked: WritingRequest) => Promise<unknown>;
}

/** Repairs of one request: rows of some kilobytes stay below what an invocation may be sent. */
const repairsAtOnce = 500;

/** The archive as a view, through the functions that read and write it. */
export function createRemoteViews({
  read,
  write,
}: RemoteViewOptions): Omit<ViewStore, keyof Store> & Pick<ViewStore, 'apply'> {
  return {
    apply: async (placement: Placement, changes: readonly Change[]): Promise<ApplyResult> =>
      parseApplied(changes, await write({ kind: 'apply', placement, changes })),
    scan: async (request) => parseScan(request.placement, await read({ kind: 'scan', request })),
    digest: async (request) => parseDigests(await read({ kind: 'digest', request })),
    repair: async (placement, repairs) => {
      let result: RepairResult = { repaired: 0, moved: [] };
      for (const part of parted(repairs, repairsAtOnce)) {
        const answer = parseRepaired(part, await write({ kind: 'repair', placement, repairs: part }));
        result = {
          repaired: result.repaired + answer.repaired,
          moved: [...result.moved, ...answer.moved],
        };
      }
      return result;
    },
    saveProgress: async (spans: readonly ProgressSpan[]) => ({
      gaps: parseGaps(spans, await write({ kind: 'saveProgress', spans })),
    }),
    readProgress: async (placements) =>
      parseProgress(placements, await read({ kind: 'progress', placements })),
    sweep: async (placement) => parseSwept(await write({ kind: 'sweep', placement })),
    ...onlyBuild,
  };
}
