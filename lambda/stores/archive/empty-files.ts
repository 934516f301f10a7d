import { placementName } from '../placement.ts';
import type { Placement } from '../store.ts';
import type { Duckdb } from './duckdb.ts';

/** A file with all columns of a view and no rows, for the readers of files that lack some of them. */
export type EmptyFiles = (placement: Placement) => Promise<string>;

/** Makes each of them once. */
export function createEmptyFiles(duckdb: Duckdb): EmptyFiles {
  const made = new Map<string, Promise<string>>();
  return (placement) => {
    const name = placementName(placement);
    const file = made.get(name) ?? duckdb.write(placement, [], 0);
    made.set(name, file);
    file.catch(() => made.delete(name));
    return file;
  };
}
