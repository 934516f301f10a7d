import { type Key, keyText } from '../../change/change.ts';
import { generationOf, positionOf, type Version } from '../../change/version.ts';
import { PolystoreError } from '../../errors.ts';
import type { CatalogEntity } from '../../model/index.ts';
import { placementName } from '../placement.ts';
import type { Placement } from '../store.ts';
import type { HeldRow, ViewProgress, ViewStore } from '../view-store.ts';
import { partitionOf } from './partition.ts';
import { recordKey } from './read.ts';
import { higher, lower, type PartitionReading, type Span, unreadSpans } from './reading.ts';

/** What the truth of an entity needs of the archive. */
export type History = Pick<ViewStore, 'scan' | 'read' | 'versions' | 'readProgress'>;

/** The view in the archive that holds what the log has forgotten; undefined where the model has none. */
export function historyOf(entity: CatalogEntity): Placement | undefined {
  const target = entity.views.find(({ kind }) => kind === 'archive.parquet');
  return target === undefined ? undefined : { entity, target };
}

/** Records that are neither in the log any more nor in the archive. */
export interface Hole extends Span {
  readonly partition: number;
}

/** What was not read from the log and the archive has not been given. */
export const holesIn = (
  partitions: readonly PartitionReading[],
  progress: readonly ViewProgress[],
  topic: string,
): readonly Hole[] =>
  partitions.flatMap((reading) => {
    const { partition } = reading;
    const kept = progress.find((each) => each.topic === topic && each.partition === partition);
    const [from, to] = kept === undefined ? [0n, 0n] : [kept.from ?? 0n, kept.offset];
    return unreadSpans(reading).flatMap((span) =>
      without(span, { from, to }).map((hole) => ({ partition, ...hole })),
    );
  });

/** What is left of a span without another one, which may be empty. */
function without(span: Span, other: Span): readonly Span[] {
  if (other.from >= other.to) return [span];
  const before = { from: span.from, to: lower(span.to, other.from) };
  const after = { from: higher(span.from, other.to), to: span.to };
  return [before, after].filter(({ from, to }) => from < to);
}

/** Names what is nowhere any more, and what to do about it. */
export function holeError(entity: CatalogEntity, holes: readonly Hole[]): PolystoreError {
  const history = historyOf(entity);
  const named = holes
    .slice(0, 6)
    .map(({ partition, from, to }) => `${from} to ${to - 1n} of partition ${partition}`)
    .join(', ');
  const more = holes.length > 6 ? ` and ${holes.length - 6} more` : '';
  const why =
    history === undefined
      ? `${entity.name} has no view in the archive, which would keep what the log forgets after a week: declare archive.parquet`
      : `${placementName(history)} was not given them: its function was down for longer than the log keeps records, or it came later than they did, or it has not been applied to yet`;
  return new PolystoreError(
    'incomplete_source',
    `The change log ${entity.topic} has forgotten the records ${named}${more}, and they are in no archive. ${why}. What they said is in the views that took them, and in no source: a view is not compared, and not built anew, without them unless that is accepted by name.`,
    { details: { holes: holes.map(({ partition, from, to }) => [partition, String(from), String(to)]) } },
  );
}

/**
 * Whether a row of the archive is truth: whether the log, as far as it was read, has nothing to say of the offset that
 * is its version. What the log holds it knows best. Of an event that was posted again since the reading began the archive may
 * hold the newer one only: true as well, if the log has got so far.
 *
 * @param ends where each partition of the log ends by now
 */
export function isHistory(
  { entity }: Placement,
  partitions: readonly PartitionReading[],
  ends: ReadonlyMap<number, bigint>,
): (key: Key, version: Version) => boolean {
  const byNumber = new Map(partitions.map((each) => [each.partition, each]));
  return (key, version) => {
    const partition = partitionOf(Buffer.from(recordKey(entity, key)), partitions.length);
    const reading = byNumber.get(partition);
    if (reading === undefined) return true;
    const { read, generation } = reading;
    // Of a log that was there before this one, whose offsets are others.
    if (generation === undefined || generationOf(version) < generation) return true;
    const position = positionOf(version);
    const isKnown = position < (ends.get(partition) ?? 0n);
    return isKnown && !read.some(({ from, to }) => position >= from && position < to);
  };
}

/** Of each key the highest version, in whatever days it lies. */
export function latestOf(rows: readonly HeldRow[]): ReadonlyMap<string, HeldRow> {
  const latest = new Map<string, HeldRow>();
  for (const row of rows) {
    const id = keyText(row.key);
    const held = latest.get(id);
    if (held === undefined || row.version > held.version) latest.set(id, row);
  }
  return latest;
}
