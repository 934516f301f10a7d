import { storeOf } from '../model/index.ts';
import type { Placement } from '../stores/store.ts';
import type { ViewStore } from '../stores/view-store.ts';
import { scopeOf } from './apply-plan.ts';
import type { LetterBox } from './letter-box.ts';
import type { LetterPlace } from './letter-item.ts';

/** For each partition of a topic the offset below which a view has everything; 0 for one that is not named. */
export type Offsets = ReadonlyMap<number, bigint>;

/** What a view was given: its progress, whatever letters are open. */
export async function readTaken(store: ViewStore, placement: Placement): Promise<Offsets> {
  const kept = await store.readProgress([placement]);
  return new Map(
    kept
      .filter(({ topic }) => topic === placement.entity.topic)
      .map(({ partition, offset }) => [partition, offset]),
  );
}

/**
 * The records that a view lacks although it was given them: those of its own open letters, of records that nobody could
 * read, and of what capture may have lost. A letter is kept before the progress moves past it: whoever reads the
 * progress first misses none.
 */
export async function findHoles(
  box: Pick<LetterBox, 'places'>,
  placement: Placement,
): Promise<readonly LetterPlace[]> {
  const { entity, target } = placement;
  const store = storeOf(target);
  const scopes = new Set([scopeOf(placement), entity.name, entity.topic]);
  const asked = [...[...scopes].map((scope) => ({ store, scope })), { store: 'capture', scope: entity.name }];
  return (await Promise.all(asked.map((each) => box.places(each)))).flat();
}

/**
 * What a view has without a hole: of each partition what is below its lowest open letter. A letter that is of no
 * record of the topic, as those of a backfill and of a gap in a stream are, may be of any: then nothing is sure.
 */
export function subtractHoles(taken: Offsets, holes: readonly LetterPlace[], topic: string): Offsets {
  if (holes.some((hole) => hole.topic !== topic || hole.partition < 0)) return new Map();
  const whole = new Map(taken);
  for (const { partition, offset } of holes)
    if (offset < (whole.get(partition) ?? 0n)) whole.set(partition, offset);
  return whole;
}
