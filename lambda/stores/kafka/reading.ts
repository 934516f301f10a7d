import * as z from 'zod/mini';
import { PolystoreError } from '../../errors.ts';
import type { Offsets } from './topic-records.ts';

/** Offsets from `from` up to, and without, `to`. */
export interface Span {
  readonly from: bigint;
  readonly to: bigint;
}

/** `Math.min` takes no bigints. */
export function lower(a: bigint, b: bigint): bigint {
  if (a < b) return a;
  return b;
}

export function higher(a: bigint, b: bigint): bigint {
  if (a > b) return a;
  return b;
}

/** How far one partition of the log was read. */
export interface PartitionReading {
  readonly partition: number;
  /** Where the next read begins. */
  readonly next: bigint;
  /** Where the log ended when the reading began: what comes later is not in it. */
  readonly end: bigint;
  /** What was read, in its order. More than one span where the log forgot its oldest records meanwhile. */
  readonly read: readonly Span[];
  /** Of the oldest record that was read; undefined before the first. */
  readonly generation: number | undefined;
}

/**
 * How far the truth of an entity was read. First the log, whose oldest records go as time passes, then the archive,
 * which keeps all that it was given: read the other way round, what the log forgot while the archive was read would be
 * in neither.
 */
export interface Reading {
  readonly partitions: readonly PartitionReading[];
  /** Of a digest: which part of the current partition's keys comes next. 0 otherwise. */
  readonly slice: number;
  /** The archive's own position; null: it begins. */
  readonly archive: string | null;
}

export const beginReading = (earliest: Offsets, ends: Offsets): Reading => ({
  partitions: [...ends]
    .map(([partition, end]) => ({
      partition,
      next: earliest.get(partition) ?? 0n,
      end,
      read: [],
      generation: undefined,
    }))
    .sort((a, b) => a.partition - b.partition),
  slice: 0,
  archive: null,
});

/** The partition that is to be read; undefined when all of the log was. */
export const openPartition = ({ partitions }: Reading): PartitionReading | undefined =>
  partitions.find(({ next, end }) => next < end);

/** The reading with one partition further on. */
export const withPartition = (reading: Reading, partition: PartitionReading): Reading => ({
  ...reading,
  partitions: reading.partitions.map((each) => (each.partition === partition.partition ? partition : each)),
});

/** What of a partition, below its end, was not read from the log: what the archive must have. */
export function unreadSpans({ read, end }: PartitionReading): readonly Span[] {
  const spans: Span[] = [];
  let at = 0n;
  for (const { from, to } of read) {
    if (from > at) spans.push({ from: at, to: from });
    at = to;
  }
  if (at < end) spans.push({ from: at, to: end });
  return spans;
}

/** Adds what was read next to the spans. */
export function addSpan(read: readonly Span[], span: Span): readonly Span[] {
  const last = read.at(-1);
  if (span.from === span.to) return read;
  return last !== undefined && last.to === span.from
    ? [...read.slice(0, -1), { from: last.from, to: span.to }]
    : [...read, span];
}

const digits = z.string().check(z.regex(/^\d{1,19}$/));
const shape = z.strictObject({
  partitions: z.array(
    z.tuple([z.int(), digits, digits, z.array(z.tuple([digits, digits])), z.nullable(z.int())]),
  ),
  slice: z.int(),
  archive: z.nullable(z.string()),
});

/** As a text for the one who goes on. */
export const renderReading = ({ partitions, slice, archive }: Reading): string =>
  JSON.stringify({
    partitions: partitions.map(({ partition, next, end, read, generation }) => [
      partition,
      String(next),
      String(end),
      read.map(({ from, to }) => [String(from), String(to)]),
      generation ?? null,
    ]),
    slice,
    archive,
  });

/** @throws PolystoreError `invalid_request` for a text that no page gave. */
export function parseReading(text: string): Reading {
  const parsed = z.safeParse(shape, parseJson(text));
  if (!parsed.success) throw noReading(text);
  const { partitions, slice, archive } = parsed.data;
  return {
    partitions: partitions.map(([partition, next, end, read, generation]) => ({
      partition,
      next: BigInt(next),
      end: BigInt(end),
      read: read.map(([from, to]) => ({ from: BigInt(from), to: BigInt(to) })),
      generation: generation ?? undefined,
    })),
    slice,
    archive,
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const noReading = (text: string): PolystoreError =>
  new PolystoreError(
    'invalid_request',
    `'${text.slice(0, 80)}' is not where a page of the change log and the archive ended; give the 'next' of the page before, or nothing to begin.`,
  );
