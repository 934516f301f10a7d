import { placementName } from '../placement.ts';
import type { Placement } from '../store.ts';
import type { Build, ProgressSpan, ViewProgress } from '../view-store.ts';

/** How far each view has got. */
export interface MemoryProgress {
  save(spans: readonly ProgressSpan[]): { readonly gaps: readonly ProgressSpan[] };
  read(placements: readonly Placement[]): readonly ViewProgress[];
}

export function createProgress(buildsOf: (placement: Placement) => readonly Build[]): MemoryProgress {
  const kept = new Map<string, bigint>();
  const nameOf = (
    { placement, topic, partition }: Omit<ViewProgress, 'offset'>,
    build: number | undefined,
  ): string => `${placementName(placement)}|${build}|${topic}|${partition}`;
  const known = new Map<string, Omit<ViewProgress, 'offset' | 'placement'>>();
  const active = (placement: Placement): number | undefined =>
    placement.build ?? buildsOf(placement).find(({ state }) => state === 'active')?.number;
  return {
    save: (spans) => ({
      gaps: spans.filter((span) => {
        const { placement, topic, partition, from, to } = span;
        known.set(`${topic}|${partition}`, { topic, partition });
        const builds =
          placement.build === undefined ? buildsOf(placement).map(({ number }) => number) : [placement.build];
        const isGap = (name: string): boolean => from > (kept.get(name) ?? from);
        const names = builds.map((build) => nameOf(span, build));
        for (const name of names) if (!isGap(name) && to > (kept.get(name) ?? -1n)) kept.set(name, to);
        return isGap(nameOf(span, active(placement)));
      }),
    }),
    read: (placements) =>
      placements.flatMap((placement) =>
        [...known.values()].flatMap(({ topic, partition }) => {
          const offset = kept.get(nameOf({ placement, topic, partition }, active(placement)));
          return offset === undefined ? [] : [{ placement, topic, partition, offset }];
        }),
      ),
  };
}
