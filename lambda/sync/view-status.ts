import { PolystoreError } from '../errors.ts';
import { storeOf } from '../model/index.ts';
import { placementName } from '../stores/placement.ts';
import type { Placement } from '../stores/store.ts';
import type { JobTools } from './job-tools.ts';
import { storeOfView } from './sync-stores.ts';

/** How far one view has got. */
export interface ViewStatus {
  readonly view: string;
  readonly store: string;
  /** Records of the log that the view has not taken; null: it has no progress, because it was never filled. */
  readonly recordsBehind: number | null;
  /** Open dead letters: changes that the view lacks although its progress is past them. */
  readonly holes: number;
  /** Why nothing can be said; null: all is said. */
  readonly problem: string | null;
}

/** Reads how far the views are. A store that does not answer is told of, and delays nothing. */
export async function readViewStatus(
  tools: Pick<JobTools, 'stores' | 'endOffsets'> & {
    readonly countLetters: (store: string, scopes: readonly string[]) => Promise<number>;
  },
  views: readonly Placement[],
): Promise<readonly ViewStatus[]> {
  const ends = new Map<string, ReturnType<JobTools['endOffsets']>>();
  const endsOf = (topic: string): ReturnType<JobTools['endOffsets']> => {
    const held = ends.get(topic) ?? tools.endOffsets(topic);
    ends.set(topic, held);
    return held;
  };
  return Promise.all(
    views.map(async (placement): Promise<ViewStatus> => {
      const { entity, target } = placement;
      const store = storeOf(target);
      const about = { view: placementName(placement), store };
      try {
        const [partitions, kept, holes] = await Promise.all([
          endsOf(entity.topic),
          storeOfView(tools.stores, placement).readProgress([placement]),
          tools.countLetters(store, [placementName(placement), entity.name, entity.topic]),
        ]);
        const offsets = new Map(
          kept
            .filter(({ topic }) => topic === entity.topic)
            .map(({ partition, offset }) => [partition, offset]),
        );
        const written = partitions.filter(({ offset }) => offset > 0n);
        const isUnknown = written.some(({ partition }) => !offsets.has(partition));
        const behind = written.map(({ partition, offset }) => offset - (offsets.get(partition) ?? 0n));
        const sum = behind.reduce((total, each) => total + (each > 0n ? each : 0n), 0n);
        return { ...about, recordsBehind: isUnknown ? null : Number(sum), holes, problem: null };
      } catch (error) {
        if (!(error instanceof PolystoreError)) throw error;
        return { ...about, recordsBehind: null, holes: 0, problem: error.message };
      }
    }),
  );
}
