import { rm } from 'node:fs/promises';
import { PolystoreError } from '../../errors.ts';
import { placementName, placeOf, rowId } from '../placement.ts';
import type { Clock, Placement } from '../store.ts';
import type { Repair, RepairResult } from '../view-store.ts';
import { mergedName } from './compact.ts';
import type { Duckdb } from './duckdb.ts';
import type { EmptyFiles } from './empty-files.ts';
import { levelOf } from './file-name.ts';
import { fetchAll, releaseAll } from './files.ts';
import type { HoldDay } from './leases.ts';
import type { LocalFile, ObjectStore, StoredObject } from './objects.ts';
import { renderKeys, versionsOf } from './read.ts';
import { isHigher, renderRepaired, renderVoidFiles, repairTexts } from './repair.ts';
import { viewFolder } from './schema.ts';
import type { TombstoneNotes } from './tombstones.ts';
import { type FilePlan, planWrite } from './write.ts';

export interface RepairerOptions {
  readonly objects: ObjectStore;
  readonly duckdb: Duckdb;
  readonly emptyFile: EmptyFiles;
  readonly tombstones: TombstoneNotes;
  readonly putFile: (placement: Placement, file: FilePlan) => Promise<void>;
  readonly holdDay: HoldDay;
  readonly timeoutMs: number;
  readonly clock: Clock;
}

/** The files of a day are listed again when compaction has replaced some of them. */
const tries = 20;

/**
 * Rule 3 in files that never change; one repair of a day at a time. What is right at a higher version than what is wrong is one file more. Otherwise
 * the files that hold what is wrong are written anew without it, and go: the new one is there first, so a stop in
 * between leaves both, which the next comparison finds. A compaction that had read them before may bring it back: that
 * is found too.
 */
export function createRepair(options: RepairerOptions) {
  const { objects, duckdb, emptyFile, tombstones, putFile, holdDay, timeoutMs, clock } = options;

  /** The repairs whose rows are still what was compared. */
  const unmoved = async (
    placement: Placement,
    repairs: readonly Repair[],
    paths: readonly string[],
  ): Promise<readonly Repair[]> => {
    const keys = repairs.map(({ change }) => change.key);
    const files = [await emptyFile(placement), ...paths];
    const answer = await duckdb.read(renderKeys(placement, keys, files, 'with tombstones'), timeoutMs);
    const held = new Map(
      versionsOf(placement, answer).map(({ key, version }) => [rowId(placement, key), version]),
    );
    return repairs.filter((repair) => held.get(rowId(placement, repair.change.key)) === repair.held);
  };

  const rewrite = async (
    placement: Placement,
    { file, repairs }: { readonly file: FilePlan; readonly repairs: readonly Repair[] },
    fetched: readonly (readonly [StoredObject, LocalFile])[],
  ): Promise<void> => {
    const paths = fetched.map(([, { path }]) => path);
    const [found = []] = await duckdb.read(renderVoidFiles(placement, repairs, paths), timeoutMs);
    const wrong = fetched.filter(([, { path }]) => found.includes(path));
    const inputs = wrong.map(([object]) => object);
    const foreign = inputs.find(({ name }) => levelOf(name) === undefined);
    if (foreign !== undefined)
      throw new PolystoreError(
        'store_rejected',
        `${placementName(placement)} has rows to be repaired in ${foreign.name}, which the archive did not write and so does not change. Take it out of the archive's folder, or write it anew.`,
      );
    const output = mergedName(placement, file.day, inputs, repairTexts(repairs));
    if (output === undefined)
      throw new PolystoreError(
        'store_rejected',
        `The files of ${placementName(placement)} of ${file.day} were merged too often to be merged again.`,
      );
    const right = await duckdb.write(placement, file.rows, clock());
    let merged: string | undefined;
    try {
      const empty = await emptyFile(placement);
      merged = await duckdb.copy(
        renderRepaired(placement, repairs, {
          inputs: wrong.map(([, { path }]) => path),
          right: [empty, right],
        }),
      );
      if (merged !== undefined) await objects.put(output, merged);
    } finally {
      await rm(right, { force: true });
      if (merged !== undefined) await rm(merged, { force: true });
    }
    await tombstones.note(placement, { ...file, name: output }, clock());
    await objects.delete(inputs.map(({ name }) => name));
  };

  const repairDay = async (
    placement: Placement,
    day: string,
    repairs: readonly Repair[],
  ): Promise<readonly Repair[]> => {
    for (let attempt = 0; attempt < tries; attempt += 1) {
      const listed = await objects.list({ folder: viewFolder(placement), from: day, to: day });
      const files = await fetchEach(objects, listed);
      if (files === 'replaced') continue;
      try {
        const paths = files.map(([, { path }]) => path);
        const due = await unmoved(placement, repairs, paths);
        const higher = planOf(placement, due.filter(isHigher));
        if (higher !== undefined) await putFile(placement, higher);
        const others = due.filter((repair) => !isHigher(repair));
        const file = planOf(placement, others);
        if (file !== undefined) await rewrite(placement, { file, repairs: others }, files);
        return repairs.filter((repair) => !due.includes(repair));
      } finally {
        await releaseAll(files.map(([, file]) => file));
      }
    }
    throw new PolystoreError(
      'store_unavailable',
      `The files of ${placementName(placement)} of ${day} were replaced at each of ${tries} tries. The same repairs may be sent again`,
    );
  };

  return async (placement: Placement, repairs: readonly Repair[]): Promise<RepairResult> => {
    const { rejected } = planWrite(
      placement,
      repairs.map(({ change }) => change),
    );
    const [first] = rejected;
    if (first !== undefined) throw new PolystoreError('invalid_request', first.reason);
    const place = placeOf(placement);
    const days = Map.groupBy(repairs, ({ change }) => place(change));
    const late = new Set<Repair>();
    for (const [text, group] of days) {
      // The archive has one term, so a place is a list of one day.
      const [day] = JSON.parse(text) as readonly [string];
      const moved = await holdDay(placement, day, () => repairDay(placement, day, group));
      for (const repair of moved) late.add(repair);
    }
    const moved = repairs.filter((repair) => late.has(repair));
    return { repaired: repairs.length - moved.length, moved };
  };
}

/** The one file of repairs that all lie in one day. */
const planOf = (placement: Placement, repairs: readonly Repair[]): FilePlan | undefined =>
  planWrite(
    placement,
    repairs.map(({ change }) => change),
  ).files[0];

async function fetchEach(
  objects: ObjectStore,
  listed: readonly StoredObject[],
): Promise<readonly (readonly [StoredObject, LocalFile])[] | 'replaced'> {
  const files = await fetchAll(objects, listed);
  if (files === 'replaced') return 'replaced';
  return listed.map((object, at) => {
    const file = files[at];
    if (file === undefined) throw new TypeError(`${object.name} was listed and not fetched`);
    return [object, file] as const;
  });
}
