import { PolystoreError } from '../../errors.ts';
import { backOff } from '../backoff.ts';
import { inParallel } from '../in-parallel.ts';
import { placementName } from '../placement.ts';
import type { ProgressSpan, ViewProgress } from '../view-store.ts';
import type { PlacedBuild } from './builds.ts';
import type { State, StateKey } from './state.ts';

/** Who meets others this often is told. */
const attempts = 20;
const atOnce = 16;

const nameOf = ({ placement, number }: PlacedBuild): string =>
  `progress ${placementName(placement)} ${number}`;

/**
 * Moves the progress of each build on, never back and never over what lies between it and a span.
 *
 * @param builds the builds that a span counts for, the one that readers see first.
 * @returns the spans that are a gap for what readers see.
 */
export async function saveProgress(
  { state, random }: { readonly state: State; readonly random: () => number },
  spans: readonly ProgressSpan[],
  builds: (span: ProgressSpan) => readonly PlacedBuild[],
): Promise<readonly ProgressSpan[]> {
  const parts = new Map<string, { readonly at: StateKey; readonly spans: ProgressSpan[] }>();
  // In their order, so that one that joins on to another of them is no gap.
  const inOrder = spans.toSorted((a, b) => (a.from < b.from ? -1 : 1));
  const keyOf = (build: PlacedBuild, { topic, partition }: ProgressSpan): StateKey => ({
    name: nameOf(build),
    part: `${topic} ${partition}`,
  });
  for (const span of inOrder)
    for (const build of builds(span)) {
      const at = keyOf(build, span);
      const part = parts.get(JSON.stringify(at)) ?? { at, spans: [] };
      parts.set(JSON.stringify(at), part);
      part.spans.push(span);
    }
  const kept = new Map<string, bigint>();
  await inParallel([...parts], atOnce, async ([name, { at, spans: own }]) => {
    kept.set(name, await moveOn({ state, random }, at, own));
  });
  return spans.filter((span) => {
    const [read] = builds(span);
    // What was not moved on is still below the span's beginning.
    return read !== undefined && (kept.get(JSON.stringify(keyOf(read, span))) ?? span.from) < span.from;
  });
}

async function moveOn(
  { state, random }: { readonly state: State; readonly random: () => number },
  at: StateKey,
  spans: readonly ProgressSpan[],
): Promise<bigint> {
  for (let attempt = 1; attempt <= attempts; attempt += 1) {
    if (attempt > 1) await backOff(attempt - 1, random);
    const before = (await state.read(at.name)).get(at.part);
    let offset = before === undefined ? undefined : BigInt(before);
    for (const { from, to } of spans)
      if (offset === undefined || (from <= offset && to > offset)) offset = to;
    if (offset === undefined) return 0n;
    if (String(offset) === before || (await state.put(at, String(offset), before))) return offset;
  }
  throw new PolystoreError(
    'contended',
    `Others saved the ${at.name} of ${at.part} at each of ${attempts} tries. Save it again.`,
  );
}

/** What is kept of a build. */
export async function readProgress(state: State, build: PlacedBuild): Promise<readonly ViewProgress[]> {
  const parts = await state.read(nameOf(build));
  return [...parts].map(([part, offset]) => {
    const at = part.lastIndexOf(' ');
    return {
      placement: build.placement,
      topic: part.slice(0, at),
      partition: Number(part.slice(at + 1)),
      offset: BigInt(offset),
    };
  });
}
