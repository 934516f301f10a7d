import * as z from 'zod/mini';
import { PolystoreError } from '../../errors.ts';
import { inParallel } from '../in-parallel.ts';
import { placementName } from '../placement.ts';
import type { Placement } from '../store.ts';
import type { ProgressSpan, ViewProgress } from '../view-store.ts';
import type { Notes } from './objects.ts';
import { viewFolder } from './schema.ts';

/** How far the views of the archive have got: a note for each partition, in the view's own folder. */
export interface ArchiveProgress {
  save(spans: readonly ProgressSpan[]): Promise<{ readonly gaps: readonly ProgressSpan[] }>;
  read(placements: readonly Placement[]): Promise<readonly ViewProgress[]>;
}

/** Others that keep the same note at the same time have each won once by then, and more often than they ever meet. */
const attempts = 20;
const atOnce = 8;

const note = z.object({
  topic: z.string(),
  partition: z.int(),
  /** Offsets as digits, since JSON's numbers lose their low bits. */
  from: z.string().check(z.regex(/^\d+$/)),
  to: z.string().check(z.regex(/^\d+$/)),
});

export function createArchiveProgress(notes: Notes): ArchiveProgress {
  const parse = (name: string, text: string) => {
    const parsed = z.safeParse(note, JSON.parse(text));
    if (parsed.success) return { ...parsed.data, from: BigInt(parsed.data.from), to: BigInt(parsed.data.to) };
    throw new PolystoreError(
      'store_rejected',
      `The archive's note ${name} is no progress: ${text.slice(0, 200)}. Nobody but the archive may write there; delete it, and the view counts as begun where the next batch begins.`,
    );
  };
  /** False where the span begins behind what is kept. */
  const saveOne = async ({ placement, topic, partition, from, to }: ProgressSpan): Promise<boolean> => {
    const name = `${progressFolder(placement)}${topic}-${partition}.json`;
    for (let attempt = 0; attempt < attempts; attempt += 1) {
      const held = await notes.read(name);
      const kept = held === undefined ? { from, to: from } : parse(name, held.text);
      if (from > kept.to) return false;
      // What was taken from further back on, and reaches it, makes it begin there.
      const begin = from < kept.from && to >= kept.from ? from : kept.from;
      const end = to > kept.to ? to : kept.to;
      if (held !== undefined && begin === kept.from && end === kept.to) return true;
      const text = JSON.stringify({ topic, partition, from: String(begin), to: String(end) });
      if (await notes.write(name, text, held?.tag)) return true;
    }
    throw new PolystoreError(
      'contended',
      `The progress of ${placementName(placement)} in partition ${partition} of ${topic} was written by others at each of ${attempts} tries. The same may be sent again.`,
    );
  };
  return {
    save: async (spans) => {
      // Spans of one partition one after the other, for one may continue another.
      const groups = Map.groupBy(
        spans,
        ({ placement, topic, partition }) => `${placementName(placement)} ${topic} ${partition}`,
      );
      const gaps = await inParallel([...groups.values()], atOnce, async (group) => {
        const behind: ProgressSpan[] = [];
        for (const span of group) if (!(await saveOne(span))) behind.push(span);
        return behind;
      });
      return { gaps: gaps.flat() };
    },
    read: async (placements) => {
      const found = await inParallel(placements, atOnce, async (placement) => {
        const names = await notes.list(progressFolder(placement));
        return inParallel(names, atOnce, async (name): Promise<readonly ViewProgress[]> => {
          const held = await notes.read(name);
          if (held === undefined) return [];
          const { topic, partition, from, to } = parse(name, held.text);
          return [{ placement, topic, partition, from, offset: to }];
        });
      });
      return found.flat(2);
    },
  };
}

const progressFolder = (placement: Placement): string => `${viewFolder(placement)}_progress/`;
