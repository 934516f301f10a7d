import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import * as z from 'zod';
import { PolystoreError } from '../../lambda/errors.ts';
import type { Position } from './timeline.ts';

const progressShape = z.object({
  /** Carriers, airports and aircraft are there. */
  reference: z.boolean(),
  /** Data days of which every flight is in its last state and every reading is posted. */
  finishedDays: z.array(z.number()).readonly(),
  /** The pass that was under way: of its days, all steps up to the position are done. */
  open: z
    .object({
      days: z.array(z.number()).readonly(),
      position: z.object({ atMs: z.number(), rank: z.number(), id: z.string() }),
    })
    .optional(),
});
const fileShape = z.object({
  /** The as-of day that was loaded last. */
  latestAsOf: z.string().optional(),
  loads: z.record(z.string(), progressShape),
});
type CheckpointFile = z.infer<typeof fileShape>;

/** How far the load of one as-of day has got. */
export type LoadProgress = z.infer<typeof progressShape>;

/** One stretch of work: the days are loaded together, in event-time order, from the position on. */
export interface Pass {
  readonly days: readonly number[];
  readonly after: Position | undefined;
}

const nothingLoaded: LoadProgress = { reference: false, finishedDays: [] };

/**
 * What is left of the wanted days: first what an earlier run had begun, from where it stopped, then
 * the rest. Days that only the earlier run wanted are dropped; if they are wanted later, their
 * flights are found and left as they are.
 */
export function planPasses(progress: LoadProgress, wanted: readonly number[]): readonly Pass[] {
  const finished = new Set(progress.finishedDays);
  const begun = new Set(progress.open?.days);
  const missing = wanted.filter((day) => !finished.has(day)).sort((a, b) => a - b);
  const passes: readonly Pass[] = [
    { days: missing.filter((day) => begun.has(day)), after: progress.open?.position },
    { days: missing.filter((day) => !begun.has(day)), after: undefined },
  ];
  return passes.filter(({ days }) => days.length > 0);
}

/**
 * The progress after all steps of a pass up to the position. Days that have ended leave the pass, so
 * that going on late in the year does not begin by reading all of it.
 */
export function advance(
  progress: LoadProgress,
  done: {
    readonly pass: Pass;
    /** Whether every flight of the day is in its last state, and every reading posted. */
    readonly hasEnded: (day: number) => boolean;
    readonly position: Position;
  },
): LoadProgress {
  const { pass, hasEnded, position } = done;
  const ended = pass.days.filter(hasEnded);
  const finishedDays = [...new Set([...progress.finishedDays, ...ended])].sort((a, b) => a - b);
  const days = pass.days.filter((day) => !hasEnded(day));
  return {
    reference: progress.reference,
    finishedDays,
    ...(days.length > 0 ? { open: { days, position } } : {}),
  };
}

/** The checkpoint of one as-of day in a JSON file that holds those of all. One loader at a time may use the file. */
export interface Checkpoint {
  readonly progress: LoadProgress;
  /** Replaces the file at once, so that a kill leaves the old one or the new one. */
  save(progress: LoadProgress): Promise<void>;
}

/** @throws PolystoreError `setup_failed` when the file is there and is no checkpoint. */
export async function openCheckpoint(file: string, asOf: string): Promise<Checkpoint> {
  const found = await readCheckpointFile(file);
  await mkdir(dirname(file), { recursive: true });
  return {
    progress: found.loads[asOf] ?? nothingLoaded,
    save: async (progress) => {
      const content: CheckpointFile = { latestAsOf: asOf, loads: { ...found.loads, [asOf]: progress } };
      await writeFile(`${file}.new`, JSON.stringify(content), { flush: true });
      await rename(`${file}.new`, file);
    },
  };
}

/** The as-of day that was loaded last with this file, so that a later start goes on with it; undefined when none was. */
export const readLatestAsOf = async (file: string): Promise<string | undefined> =>
  (await readCheckpointFile(file)).latestAsOf;

async function readCheckpointFile(file: string): Promise<CheckpointFile> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    // What node:fs throws has a code.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { loads: {} };
    throw error;
  }
  try {
    return fileShape.parse(JSON.parse(text));
  } catch (cause) {
    throw new PolystoreError(
      'setup_failed',
      `${file} is no checkpoint of the loader. Delete it: what is loaded already is then found and left as it is.`,
      { cause },
    );
  }
}
