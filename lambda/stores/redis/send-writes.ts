import type { AdaptiveGate } from '../adaptive-gate.ts';
import { inParallel } from '../in-parallel.ts';
import { groupKeys } from './schema.ts';
import type { GroupWrite } from './write.ts';

/** What writes are sent by. */
export interface WriteScripts {
  polystoreApply(keyCount: number, ...keysAndArgs: string[]): Promise<number>;
  polystoreStale(keyCount: number, ...keysAndArgs: string[]): Promise<string>;
}

/** A call of so many rows tells whether the others are worth asking about, if there are some. */
const tellingRows = 50;
const tellingCalls = 4;

/**
 * Sends calls, `depth` of them at a time. Where the first large one finds nothing newer, as when a log is applied again, the
 * others ask for versions first, and send only the rows that are newer: the rest would move for nothing.
 *
 * @returns how many rows were written and stay
 */
export async function sendWrites(
  redis: WriteScripts,
  { gate, depth }: { readonly gate: AdaptiveGate; readonly depth: number },
  writes: readonly GroupWrite[],
): Promise<number> {
  const apply = ({ group, args }: GroupWrite, changes: GroupWrite['changes']): Promise<number> => {
    const keys = groupKeys(group);
    // Rule 1 makes a second call harmless.
    return gate.run(() => redis.polystoreApply(keys.length, ...keys, ...args(changes)));
  };
  const direct = (write: GroupWrite): Promise<number> => apply(write, write.changes);
  const asking = async (write: GroupWrite): Promise<number> => {
    const stale = await gate.run(() => redis.polystoreStale(1, write.group.rows, ...write.versions()));
    const newer = write.changes.filter((_, index) => stale[index] !== '1');
    return newer.length === 0 ? 0 : apply(write, newer);
  };
  const telling =
    writes.length > tellingCalls ? writes.find(({ changes }) => changes.length >= tellingRows) : undefined;
  if (telling === undefined) return sum(await inParallel(writes, depth, direct));
  const applied = await direct(telling);
  const others = writes.filter((write) => write !== telling);
  return applied + sum(await inParallel(others, depth, applied === 0 ? asking : direct));
}

const sum = (counts: readonly number[]): number => counts.reduce((total, count) => total + count, 0);
