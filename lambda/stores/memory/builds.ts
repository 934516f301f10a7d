import { PolystoreError } from '../../errors.ts';
import { placementName } from '../placement.ts';
import type { Placement } from '../store.ts';
import { requireNoneBuilding } from '../view-builds.ts';
import type { Build } from '../view-store.ts';
import { createRows, type Rows } from './rows.ts';

/** The builds of every placement, and the rows of each. */
export interface MemoryBuilds {
  /** What is read: the build that the placement names, or the active one. */
  rowsOf(placement: Placement): Rows;
  /** What is written: the build that the placement names, or each of them, the active one first. */
  written(placement: Placement): readonly Rows[];
  list(placement: Placement): readonly Build[];
  begin(placement: Placement): Placement;
  activate(placement: Placement): void;
  drop(placement: Placement): void;
  clear(): void;
}

interface Held {
  readonly builds: Map<number, { state: Build['state']; readonly rows: Rows }>;
  /** The highest number that was ever given: one that was dropped is not given to another. */
  highest: number;
}

export function createBuilds(): MemoryBuilds {
  const placements = new Map<string, Held>();
  const heldOf = (placement: Placement): Held => {
    const name = placementName(placement);
    const held: Held = placements.get(name) ?? {
      builds: new Map([[1, { state: 'active', rows: createRows() }]]),
      highest: 1,
    };
    placements.set(name, held);
    return held;
  };
  const buildsOf = (placement: Placement): Held['builds'] => heldOf(placement).builds;
  const list = (placement: Placement): readonly Build[] =>
    [...buildsOf(placement)].map(([number, { state }]) => ({ number, state }));
  const find = (placement: Placement) => {
    const build = [...buildsOf(placement)].find(([number, { state }]) =>
      placement.build === undefined ? state === 'active' : number === placement.build,
    );
    if (build !== undefined) return build[1];
    throw new PolystoreError(
      'not_running',
      `${placementName(placement)} has no build ${placement.build}: it was dropped. Begin another one.`,
    );
  };
  return {
    rowsOf: (placement) => find(placement).rows,
    written: (placement) => {
      if (placement.build !== undefined) return [find(placement).rows];
      const active = find(placement).rows;
      return [
        active,
        ...[...buildsOf(placement).values()].map(({ rows }) => rows).filter((rows) => rows !== active),
      ];
    },
    list,
    begin: (placement) => {
      requireNoneBuilding(placement, list(placement));
      const held = heldOf(placement);
      held.highest += 1;
      const build = held.highest;
      held.builds.set(build, { state: 'building', rows: createRows() });
      return { ...placement, build };
    },
    activate: (placement) => {
      const build = find(placement);
      for (const other of buildsOf(placement).values()) if (other.state === 'active') other.state = 'retired';
      build.state = 'active';
    },
    drop: (placement) => {
      const builds = buildsOf(placement);
      const number = placement.build;
      if (number === undefined || builds.get(number)?.state === 'active')
        throw new PolystoreError(
          'conflict',
          `The active build of ${placementName(placement)} is what readers see; it is not dropped. Make another one active first.`,
        );
      builds.delete(number);
    },
    clear: () => placements.clear(),
  };
}
