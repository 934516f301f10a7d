import { PolystoreError } from '../../errors.ts';
import { placementName } from '../placement.ts';
import type { Placement } from '../store.ts';
import type { ProgressSpan, ViewProgress } from '../view-store.ts';
import type { State, StateUpdate } from './state.ts';

/**
 * Moves offsets on, never back, and never over what lies between them and a span. Offsets are texts of 19 digits,
 * which compare as texts. One document a build, so that what is kept of a view is read by its id.
 */
const moveOn = `
if (ctx._source.offsets == null) ctx._source.offsets = new HashMap();
boolean moved = false;
for (def span : params.spans) {
  String kept = ctx._source.offsets.get(span.of);
  if (kept != null && (span.from.compareTo(kept) > 0 || span.to.compareTo(kept) <= 0)) continue;
  ctx._source.offsets.put(span.of, span.to);
  moved = true;
}
if (!moved) ctx.op = 'none';`;

/** A build of a view, by what its progress is kept under. */
export interface KeptBuild {
  readonly placement: Placement;
  /** What no other build of any view is called. */
  readonly name: string;
}

const idOf = ({ name }: KeptBuild): string => `progress ${name}`;
const digits = (offset: bigint): string => String(offset).padStart(19, '0');
const partitionName = ({ topic, partition }: Pick<ProgressSpan, 'topic' | 'partition'>): string =>
  `${topic} ${partition}`;

/** @param builds the builds that a span counts for, the one that readers see first. */
export async function saveProgress(
  state: State,
  spans: readonly ProgressSpan[],
  builds: (placement: Placement) => readonly KeptBuild[],
): Promise<readonly ProgressSpan[]> {
  const byBuild = new Map<string, ProgressSpan[]>();
  // In their order, so that one that joins on to another of them is no gap.
  for (const span of spans.toSorted((a, b) => (a.from < b.from ? -1 : 1)))
    for (const build of builds(span.placement))
      byBuild.set(idOf(build), [...(byBuild.get(idOf(build)) ?? []), span]);
  const kept = await state.update(
    [...byBuild].map(
      ([id, moved]): StateUpdate => ({
        id,
        script: {
          source: moveOn,
          params: {
            spans: moved.map((span) => ({
              of: partitionName(span),
              from: digits(span.from),
              to: digits(span.to),
            })),
          },
        },
      }),
    ),
  );
  return spans.filter((span) => {
    const [read] = builds(span.placement);
    const source = read === undefined ? undefined : kept.get(idOf(read));
    if (source === undefined)
      throw new PolystoreError(
        'contended',
        `Others saved the progress of ${placementName(span.placement)} at every try. Save it again.`,
      );
    // What was not moved on is still below the span's beginning.
    return (offsetsOf(source).get(partitionName(span)) ?? 0n) < span.from;
  });
}

/** @param builds the build of each placement that is asked for. */
export async function readProgress(
  state: State,
  builds: readonly KeptBuild[],
): Promise<readonly ViewProgress[]> {
  const documents = new Map((await state.read(builds.map(idOf))).map(({ id, source }) => [id, source]));
  return builds.flatMap((build) =>
    [...offsetsOf(documents.get(idOf(build)) ?? {})].map(([name, offset]) => {
      const at = name.lastIndexOf(' ');
      return {
        placement: build.placement,
        topic: name.slice(0, at),
        partition: Number(name.slice(at + 1)),
        offset,
      };
    }),
  );
}

const offsetsOf = (source: Readonly<Record<string, unknown>>): ReadonlyMap<string, bigint> =>
  // Written by the script alone.
  new Map(
    Object.entries((source.offsets ?? {}) as Readonly<Record<string, string>>).map(([name, offset]) => [
      name,
      BigInt(offset),
    ]),
  );
