import * as z from 'zod/mini';
import type { Row } from '../../change/change.ts';
import { parseVersion, renderVersion } from '../../change/version.ts';
import { parseAnswer } from '../invoke/answer.ts';
import { heldColumns, placementName } from '../placement.ts';
import type { ApplyResult, Placement } from '../store.ts';
import type {
  DigestPage,
  HeldRow,
  ProgressSpan,
  Repair,
  RepairResult,
  ScanPage,
  ViewProgress,
} from '../view-store.ts';

type Values = readonly Row[string][];

/** What is answered about a view, as JSON: rows as lists of values, versions, sums and offsets as texts. */
export type ViewAnswer =
  | {
      readonly columns: readonly string[];
      readonly key: readonly string[];
      /** Place, version and values; of a tombstone, which has no values, those of its key. */
      readonly held: readonly (readonly [
        place: string,
        version: string,
        values: Values | null,
        key?: Values,
      ])[];
      readonly next: string | null;
      readonly bytes: number;
    }
  | {
      /** Bucket, count and sum. */
      readonly digests: readonly (readonly [bucket: number, count: number, sum: string])[];
      readonly next: string | null;
      readonly bytes: number;
    }
  | {
      readonly progress: readonly {
        readonly placement: string;
        readonly topic: string;
        readonly partition: number;
        readonly offset: string;
        readonly from?: string;
      }[];
    }
  | { readonly applied: number; readonly stale: number; readonly rejected: readonly Rejection[] }
  /** Those that came too late, by their places in the request. */
  | { readonly repaired: number; readonly moved: readonly number[] }
  | { readonly gaps: readonly number[] }
  | { readonly swept: number; readonly more: boolean };

interface Rejection {
  readonly at: number;
  readonly reason: string;
}

export function renderScan(placement: Placement, { rows, next, bytes }: ScanPage): ViewAnswer {
  const columns = heldColumns(placement).map(({ name }) => name);
  const { key } = placement.entity;
  const valuesOf = (names: readonly string[], row: Row): Values => names.map((name) => row[name] ?? null);
  return {
    columns,
    key,
    held: rows.map(({ key: keyRow, place, version, row }) =>
      row === undefined
        ? [place, renderVersion(version), null, valuesOf(key, keyRow)]
        : [place, renderVersion(version), valuesOf(columns, row)],
    ),
    next: next ?? null,
    bytes,
  };
}

export const renderDigests = ({ digests, next, bytes }: DigestPage): ViewAnswer => ({
  digests: digests.map(({ bucket, count, sum }) => [bucket, count, String(sum)]),
  next: next ?? null,
  bytes,
});

export const renderProgress = (progress: readonly ViewProgress[]): ViewAnswer => ({
  progress: progress.map(({ placement, topic, partition, offset, from }) => ({
    placement: placementName(placement),
    topic,
    partition,
    offset: String(offset),
    ...(from !== undefined && { from: String(from) }),
  })),
});

const value = z.json();
const next = z.nullable(z.string());
const scanShape = z.object({
  columns: z.array(z.string()),
  key: z.array(z.string()),
  held: z.array(
    z.union([
      z.tuple([z.string(), z.string(), z.array(value)]),
      z.tuple([z.string(), z.string(), z.null(), z.array(value)]),
    ]),
  ),
  next,
  bytes: z.number(),
});
const digestShape = z.object({
  digests: z.array(z.tuple([z.int(), z.int(), z.string()])),
  next,
  bytes: z.number(),
});
const progressShape = z.object({
  progress: z.array(
    z.object({
      placement: z.string(),
      topic: z.string(),
      partition: z.int(),
      offset: z.string(),
      from: z.optional(z.string()),
    }),
  ),
});
const applyShape = z.object({
  applied: z.int(),
  stale: z.int(),
  rejected: z.array(z.object({ at: z.int(), reason: z.string() })),
});
const repairShape = z.object({ repaired: z.int(), moved: z.array(z.int()) });
const gapsShape = z.object({ gaps: z.array(z.int()) });
const sweepShape = z.object({ swept: z.int(), more: z.boolean() });

/** Columns that this model does not have are left out, and those that the other side's has not are null. */
export function parseScan(placement: Placement, answer: unknown): ScanPage {
  const { columns, key, held, next: end, bytes } = parseAnswer(scanShape, answer);
  const rowOf = (names: readonly string[], from: readonly string[], values: Values): Row =>
    Object.fromEntries(names.map((name) => [name, values[from.indexOf(name)] ?? null]));
  const ours = heldColumns(placement).map(({ name }) => name);
  const rows = held.map(([place, version, values, keyValues]): HeldRow => {
    const row = values === null ? undefined : rowOf(ours, columns, values);
    return {
      key: row === undefined ? rowOf(placement.entity.key, key, keyValues ?? []) : keyOf(placement, row),
      place,
      version: parseVersion(version),
      row,
    };
  });
  return { rows, next: end ?? undefined, bytes };
}

const keyOf = ({ entity }: Placement, row: Row): Row =>
  Object.fromEntries(entity.key.map((name) => [name, row[name] ?? null]));

export function parseDigests(answer: unknown): DigestPage {
  const { digests, next: end, bytes } = parseAnswer(digestShape, answer);
  return {
    digests: digests.map(([bucket, count, sum]) => ({ bucket, count, sum: BigInt(sum) })),
    next: end ?? undefined,
    bytes,
  };
}

export function parseProgress(placements: readonly Placement[], answer: unknown): readonly ViewProgress[] {
  const byName = new Map(placements.map((placement) => [placementName(placement), placement]));
  return parseAnswer(progressShape, answer).progress.flatMap(({ placement: name, offset, from, ...rest }) => {
    const placement = byName.get(name);
    if (placement === undefined) return [];
    const kept = { placement, ...rest, offset: BigInt(offset) };
    return [from === undefined ? kept : { ...kept, from: BigInt(from) }];
  });
}

export function parseApplied(
  changes: readonly ApplyResult['rejected'][number]['change'][],
  answer: unknown,
): ApplyResult {
  const { applied, stale, rejected } = parseAnswer(applyShape, answer);
  return {
    applied,
    stale,
    rejected: rejected.flatMap(({ at, reason }) => {
      const change = changes[at];
      return change === undefined ? [] : [{ change, reason }];
    }),
  };
}

export function parseRepaired(repairs: readonly Repair[], answer: unknown): RepairResult {
  const { repaired, moved } = parseAnswer(repairShape, answer);
  return { repaired, moved: moved.flatMap((at) => repairs[at] ?? []) };
}

export const parseGaps = (spans: readonly ProgressSpan[], answer: unknown): readonly ProgressSpan[] =>
  parseAnswer(gapsShape, answer).gaps.flatMap((at) => spans[at] ?? []);

export const parseSwept = (answer: unknown): { readonly swept: number; readonly more: boolean } =>
  parseAnswer(sweepShape, answer);
