import { PolystoreError } from '../../../lambda/errors.ts';
import type { ObjectStore } from '../../../lambda/stores/archive/objects.ts';

export const died = (): PolystoreError => new PolystoreError('store_unavailable', 'The process ended here.');

/** Ends at a call to the objects; of a deletion some names are gone by then, the first or the last of them. */
export function endingAt(
  step: number,
  deletes: 'forwards' | 'backwards' = 'forwards',
): { wrap: (objects: ObjectStore) => ObjectStore; steps: () => number } {
  let calls = 0;
  const next = (): boolean => {
    calls += 1;
    return calls === step;
  };
  const wrap = (objects: ObjectStore): ObjectStore => ({
    ...objects,
    list: async (range) => {
      if (next()) throw died();
      return objects.list(range);
    },
    notes: {
      ...objects.notes,
      write: async (name, text, tag) => {
        if (next()) throw died();
        const done = await objects.notes.write(name, text, tag);
        if (next()) throw died();
        return done;
      },
      delete: async (names) => {
        for (const name of names) {
          if (next()) throw died();
          await objects.notes.delete([name]);
        }
      },
    },
    get: async (object) => {
      if (next()) throw died();
      return objects.get(object);
    },
    put: async (name, file) => {
      if (next()) throw died();
      await objects.put(name, file);
      if (next()) throw died();
    },
    delete: async (names) => {
      for (const name of deletes === 'forwards' ? names : names.toReversed()) {
        if (next()) throw died();
        await objects.delete([name]);
      }
    },
  });
  return { wrap, steps: () => calls };
}
