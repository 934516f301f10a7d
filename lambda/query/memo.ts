/** Values by texts, of which the least used are forgotten when there are too many. */
export interface Memo<V> {
  get(key: string): V | undefined;
  set(key: string, value: V): void;
}

interface Entry<V> {
  readonly value: V;
  used: boolean;
}

/**
 * Remembers at most so many entries with so many characters of keys together. Forgotten is the oldest that was not asked
 * for since it was looked at last (a second chance): an entry that is asked for only has to be marked.
 */
export function createMemo<V>(most: { readonly entries: number; readonly characters: number }): Memo<V> {
  const held = new Map<string, Entry<V>>();
  let characters = 0;
  const shrink = (): void => {
    for (const [key, entry] of held) {
      if (held.size <= most.entries && characters <= most.characters) return;
      held.delete(key);
      if (entry.used) {
        entry.used = false;
        held.set(key, entry);
      } else characters -= key.length;
    }
  };
  return {
    get: (key) => {
      const entry = held.get(key);
      if (entry === undefined) return undefined;
      entry.used = true;
      return entry.value;
    },
    set: (key, value) => {
      if (!held.has(key)) characters += key.length;
      // Put last, with no chance but its turn.
      held.delete(key);
      held.set(key, { value, used: false });
      shrink();
    },
  };
}
