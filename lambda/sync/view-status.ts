import { PolystoreError } from '../errors.ts';
import { storeOf } from '../model/index.ts';
import { placementName } from '../stores/placement.ts';
import type { Placement } from '../stores/store.ts';
import type { JobTools } from './job-tools.ts';
import type { LetterPlace } from './letter-item.ts';
import { type Offsets, readTaken, subtractHoles } from './reach.ts';
import { storeOfView } from './sync-stores.ts';

/** How far one view has got. */
export interface ViewStatus {
  readonly view: string;
  readonly store: string;
  /** Records of the log that the view has not taken; null: it has no progress, because it was never filled. */
  readonly recordsBehind: number | null;
  /** Records of the log, from its beginning, that the view has without a hole, of all partitions; null: as above. */
  readonly position: number | null;
  /** Open dead letters: changes that the view lacks although its progress is past them. */
  readonly holes: number;
  /** Why nothing can be said; null: all is said. */
  readonly problem: string | null;
}

export type StatusTools = Pick<JobTools, 'stores' | 'endOffsets' | 'metrics'> & {
  /** Of which records a view has open letters. */
  readonly findHoles: (placement: Placement) => Promise<readonly LetterPlace[]>;
};

/** Reads how far the views are, and tells it as metrics. A store that does not answer is told of, and delays nothing. */
export async function readViewStatus(
  tools: StatusTools,
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
      const about = { view: placementName(placement), store: storeOf(target) };
      try {
        const [partitions, { taken, holes }] = await Promise.all([
          endsOf(entity.topic),
          readReach(tools, placement),
        ]);
        const written = partitions.filter(({ offset }) => offset > 0n);
        const isUnknown = written.some(({ partition }) => !taken.has(partition));
        const behind = written.map(({ partition, offset }) => offset - (taken.get(partition) ?? 0n));
        const status: ViewStatus = {
          ...about,
          recordsBehind: isUnknown ? null : sum(behind.map((each) => (each > 0n ? each : 0n))),
          position: isUnknown ? null : sum([...subtractHoles(taken, holes, entity.topic).values()]),
          holes: holes.length,
          problem: null,
        };
        tell(tools, status);
        return status;
      } catch (error) {
        if (!(error instanceof PolystoreError)) throw error;
        return { ...about, recordsBehind: null, position: null, holes: 0, problem: error.message };
      }
    }),
  );
}

/** The progress first: a letter is kept before it moves. */
async function readReach(
  { stores, findHoles }: StatusTools,
  placement: Placement,
): Promise<{ readonly taken: Offsets; readonly holes: readonly LetterPlace[] }> {
  const taken = await readTaken(storeOfView(stores, placement), placement);
  return { taken, holes: await findHoles(placement) };
}

/** Of what is not known nothing is told: an alarm sees that it is missing. */
function tell({ metrics }: StatusTools, { store, view, recordsBehind, position, holes }: ViewStatus): void {
  metrics.add(
    { store, view },
    {
      OpenLetters: holes,
      ...(recordsBehind !== null && { LagChanges: recordsBehind }),
      ...(position !== null && { Position: position }),
    },
  );
}

const sum = (counts: readonly bigint[]): number => Number(counts.reduce((total, each) => total + each, 0n));
