import { mulberry32 } from '../random.ts';

/** Numbers that follow from a seed and a name alone, so that one use of chance does not move another's. */
export interface Random {
  /** 0 up to, and without, 1. */
  fraction(): number;
  /** A whole number from `least` to `most`, both included. */
  integer(least: number, most: number): number;
  chance(probability: number): boolean;
  pick<T>(from: readonly T[]): T;
}

/** Begun at an FNV-1a hash of the seed and the name. */
export function createRandom(seed: number, name: string): Random {
  let state = 0x811c9dc5;
  for (const sign of `${seed} ${name}`) state = Math.imul(state ^ sign.charCodeAt(0), 0x01000193);
  const fraction = mulberry32(state);
  const integer = (least: number, most: number): number =>
    least + Math.floor(fraction() * (most - least + 1));
  return {
    fraction,
    integer,
    chance: (probability) => fraction() < probability,
    pick: (from) => {
      const picked = from[integer(0, from.length - 1)];
      if (picked === undefined) throw new RangeError('nothing to pick from');
      return picked;
    },
  };
}
