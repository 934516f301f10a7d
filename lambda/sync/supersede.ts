import type { Clock } from '../stores/store.ts';
import type { LetterBox } from './letter-box.ts';
import type { AppliedKey, KeptLetter } from './letter-item.ts';

export interface SupersedeOptions {
  readonly box: LetterBox;
  readonly store: string;
  readonly clock: Clock;
}

/** How long it is believed which letters are open; a consumer that has none open asks so often. */
const believeMs = 30_000;
const lettersAtOnce = 200;

interface Belief {
  readonly atMs: number;
  /** Open letters with a key, by it. */
  readonly byKey: ReadonlyMap<string, readonly KeptLetter[]>;
}

/**
 * A newer success closes a letter. Which letters are open is read once in half a minute and scope, and after this
 * consumer has put one, so that a batch costs nothing where none is.
 */
export function createSuperseding({ box, store, clock }: SupersedeOptions) {
  const beliefs = new Map<string, Belief>();
  const look = async (scope: string): Promise<Belief> => {
    const held = beliefs.get(scope);
    if (held !== undefined && clock() - held.atMs < believeMs) return held;
    const letters: KeptLetter[] = [];
    let after: string | undefined;
    do {
      const page = await box.list({ store, scope, after, limit: lettersAtOnce });
      letters.push(...page.letters);
      after = page.next;
    } while (after !== undefined);
    const keyed = letters.filter(({ key, version }) => key !== undefined && version !== undefined);
    const belief = { atMs: clock(), byKey: Map.groupBy(keyed, ({ key = '' }) => key) };
    beliefs.set(scope, belief);
    return belief;
  };
  return {
    /** Letters are about to be put: what was believed of their scopes is no longer so. */
    expect: (scopes: readonly string[]): void => {
      for (const scope of scopes) beliefs.delete(scope);
    },
    async run(scope: string, applied: readonly AppliedKey[]): Promise<void> {
      if (applied.length === 0) return;
      const { byKey } = await look(scope);
      if (byKey.size === 0) return;
      for (const { key, version } of applied)
        for (const letter of byKey.get(key) ?? [])
          if ((letter.version ?? '') <= version) {
            await box.close(letter, { outcome: 'superseded', note: `version ${version} was applied` });
            beliefs.delete(scope);
          }
    },
  };
}
