import type { Change, Row } from '../change/change.ts';
import { keyOf } from '../change/encode.ts';
import type { Version } from '../change/version.ts';
import { isShown, knownPlace, placeOf, projectRow } from '../stores/placement.ts';
import type { Placement } from '../stores/store.ts';
import type { Repair } from '../stores/view-store.ts';
import type { Held } from './look-at.ts';

/** How a view and its source differ in one place. */
export type DifferenceKind = 'missing' | 'stale' | 'extra' | 'different';

/** What the source says of a key: its row or tombstone, or that there is none. */
export type KeyTruth = Change | 'absent';

export interface Compared {
  /** The key, and what is known of where in the view it lies. */
  readonly known: Row;
  readonly truth: KeyTruth;
  readonly held: Held | undefined;
}

export interface Difference extends Compared {
  readonly kind: DifferenceKind;
}

export interface CompareRules {
  readonly placement: Placement;
  /** Whether versions count: not where the source keeps none. */
  readonly versions: boolean;
  readonly nowMs: number;
}

/** What a reader of the view sees in one place, and what the source says that it should be; undefined when that is the same. */
export function differenceOf(
  { known, truth, held }: Compared,
  { placement, versions, nowMs }: CompareRules,
): DifferenceKind | undefined {
  const wanted = shownRow(truth, knownPlace(placement, known), { placement, nowMs });
  const shown =
    held?.row !== undefined && isShown(placement, held.row, nowMs) ? { ...held, row: held.row } : undefined;
  if (wanted === undefined) return shown === undefined ? undefined : 'extra';
  if (shown === undefined) return 'missing';
  if (versions && shown.version < wanted.version) return 'stale';
  if (versions && shown.version > wanted.version) return 'different';
  return isSameRow(placement, shown.row, wanted.row) ? undefined : 'different';
}

/** The row that a view should show in a place. */
function shownRow(
  truth: KeyTruth,
  place: string | undefined,
  { placement, nowMs }: Pick<CompareRules, 'placement' | 'nowMs'>,
): { readonly row: Row; readonly version: Version } | undefined {
  if (truth === 'absent' || truth.kind === 'delete') return undefined;
  if (placeOf(placement)(truth) !== place || !isShown(placement, truth.row, nowMs)) return undefined;
  return { row: truth.row, version: truth.version };
}

/** Whether two rows are the same as far as a view holds them. */
export const isSameRow = (placement: Placement, one: Row, other: Row): boolean =>
  JSON.stringify(projectRow(placement, one)) === JSON.stringify(projectRow(placement, other));

/**
 * What mends a difference, by rule 3: exactly the version that was compared is replaced by what the source says, with
 * the source's version where it gives one.
 */
export function repairOf({ kind, known, truth, held }: Difference, { entity }: Placement): Repair {
  if (kind !== 'extra') {
    // A row that should be there is one that the source gave.
    const change = truth as Extract<Change, { readonly kind: 'upsert' }>;
    return { change, held: held?.version };
  }
  const next = ((held?.version ?? 0n) + 1n) as Version;
  const version = truth !== 'absent' && truth.kind === 'delete' ? truth.version : next;
  return {
    change: {
      kind: 'delete',
      entity: entity.name,
      key: keyOf(entity, known),
      version,
      // Where it was found, whatever it says of itself.
      before: { ...held?.row, ...known },
    },
    held: held?.version,
  };
}

/** Whether nothing has happened between two looks at one place. */
export function isUnmoved(placement: Placement, before: Compared, after: Compared): boolean {
  const isSameTruth =
    before.truth === 'absent' || after.truth === 'absent'
      ? before.truth === after.truth
      : before.truth.kind === after.truth.kind &&
        (before.truth.kind === 'delete' ||
          (after.truth.kind === 'upsert' && isSameRow(placement, before.truth.row, after.truth.row)));
  return isSameTruth && before.held?.version === after.held?.version;
}
