import { placementName } from '../placement.ts';
import type { Placement } from '../store.ts';
import { type Builds, parseBuilds, resolve } from './builds.ts';

/** Which builds views have, remembered for a short time. */
export interface BuildCatalog {
  /** As they were half of `delayMs` ago at most. */
  recent(placement: Placement): Promise<Builds>;
  /** As they are now, with the text that they are kept as. */
  current(placement: Placement): Promise<{ readonly text: string; readonly builds: Builds }>;
  /**
   * Runs `work` on the build that a placement means. A build that was dropped keeps its rows for `delayMs`: what
   * took longer may have seen them go, and is done again.
   */
  reading<T>(placement: Placement, work: (build: Placement) => Promise<T>): Promise<T>;
  forget(placement: Placement): void;
  readonly delayMs: number;
}

const attempts = 5;

export function createBuildCatalog({
  delayMs,
  read,
}: {
  readonly delayMs: number;
  read(placement: Placement): Promise<string>;
}): BuildCatalog {
  const seen = new Map<string, { readonly at: number; readonly builds: Promise<Builds> }>();
  const current: BuildCatalog['current'] = async (placement) => {
    const text = await read(placement);
    return { text, builds: parseBuilds(placement, text) };
  };
  /** What is remembered is as old as the question, not as its answer. */
  const look = (placement: Placement): { readonly at: number; readonly builds: Promise<Builds> } => {
    const name = placementName(placement);
    const known = seen.get(name);
    if (known !== undefined && performance.now() - known.at < delayMs / 2) return known;
    const asked = {
      at: performance.now(),
      builds: current(placement).then(({ builds }) => builds),
    };
    seen.set(name, asked);
    asked.builds.catch(() => {
      if (seen.get(name) === asked) seen.delete(name);
    });
    return asked;
  };
  return {
    delayMs,
    current,
    recent: (placement) => look(placement).builds,
    reading: async (placement, work) => {
      for (let attempt = 1; ; attempt += 1) {
        const { at, builds } = look(placement);
        const result = await work(resolve(placement, await builds));
        if (performance.now() - at < delayMs || attempt === attempts) return result;
      }
    },
    forget: (placement) => {
      seen.delete(placementName(placement));
    },
  };
}
