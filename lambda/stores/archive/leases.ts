import { PolystoreError } from '../../errors.ts';
import { backOff } from '../backoff.ts';
import { placementName } from '../placement.ts';
import type { Clock, Placement } from '../store.ts';
import type { Notes } from './objects.ts';
import { viewFolder } from './schema.ts';

/** Lets one after the other work on a day of a view, in whatever process they are. */
export type HoldDay = <T>(placement: Placement, day: string, work: () => Promise<T>) => Promise<T>;

/** Longer than a function runs (300 s at most, lambda/model/functions.ts): who holds a lease that has ended is dead. */
const leaseMs = 330_000;
/** Some thirty seconds of waiting. */
const attempts = 200;

/** A lease is a note that says until when; it is taken and given back on condition that it is what was read. */
export function createLeases(notes: Notes, clock: Clock): HoldDay {
  /** Who waits in this process, by day. */
  const turns = new Map<string, Promise<unknown>>();

  const take = async (name: string): Promise<boolean> => {
    const held = await notes.read(name);
    if (held !== undefined && Number(held.text) > clock()) return false;
    return notes.write(name, String(clock() + leaseMs), held?.tag);
  };
  const giveBack = async (name: string): Promise<void> => {
    const held = await notes.read(name);
    await notes.write(name, '0', held?.tag);
  };
  const hold = async <T>(name: string, what: string, work: () => Promise<T>): Promise<T> => {
    for (let attempt = 1; !(await take(name)); attempt += 1) {
      if (attempt === attempts)
        throw new PolystoreError(
          'contended',
          `${what} is being repaired by another process, and was so for half a minute. The same repairs may be sent again.`,
        );
      await backOff(attempt);
    }
    try {
      return await work();
    } finally {
      await giveBack(name);
    }
  };

  return (placement, day, work) => {
    const name = `${viewFolder(placement)}_leases/${day}`;
    const turn = (turns.get(name) ?? Promise.resolve())
      .catch(() => undefined)
      .then(() => hold(name, `${day} of ${placementName(placement)}`, work));
    turns.set(name, turn);
    return turn.finally(() => {
      if (turns.get(name) === turn) turns.delete(name);
    });
  };
}
