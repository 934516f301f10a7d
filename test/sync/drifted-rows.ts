import { randomUUID } from 'node:crypto';
import type { Change, Row } from '../../lambda/change/change.ts';
import { createVersion, renderVersion } from '../../lambda/change/version.ts';
import type { Catalog, CatalogEntity } from '../../lambda/model/index.ts';
import type { Placement } from '../../lambda/stores/store.ts';
import type { ViewStore } from '../../lambda/stores/view-store.ts';
import { itemRow, remove, upsert } from '../stores/contract-model.ts';

/** The rows of which views drift: those of one kind lie behind one another, and most are as they should be. */

export const kinds = ['lost', 'older', 'other content', 'not in the source', 'resurrected'] as const;
export type Kind = (typeof kinds)[number];
/** What somebody put there. */
export const strangers = ['not in the source', 'resurrected'] as const;

export const ofEach = 50;
const rows = 1000;
export const kindOf = (index: number): Kind | undefined => kinds[Math.floor(index / ofEach)];
export const indexesOf = (kind: Kind): readonly number[] =>
  Array.from({ length: ofEach }, (_, offset) => kinds.indexOf(kind) * ofEach + offset);
/** Rows that the source has or had. */
export const known: readonly number[] = Array.from({ length: rows }, (_, index) => index).filter(
  (index) => kindOf(index) !== 'not in the source',
);
/** Rows that a view should show. */
export const shown = known.filter((index) => kindOf(index) !== 'resurrected');
/** A row that stays as it is, on the same day as another: strangers are made from it. */
export const likeness = (index: number): number => rows - 2 + (index % 2);

/** On two days, which some views keep apart. */
export const rowOf = (index: number): Row =>
  itemRow({
    number: String(index),
    at: `2013-01-0${1 + (index % 2)}T10:15:00.000000Z`,
    count: index,
    note: `row ${index}`,
  });
export const otherCount = (index: number): number => index + 1000;

const positionOf = (index: number): number => 1000 + index * 10;
export const changeOf = (item: CatalogEntity, index: number): Change =>
  upsert(item, rowOf(index), positionOf(index));
export const deleteOf = (item: CatalogEntity, index: number): Change =>
  remove(item, rowOf(index), positionOf(index) + 1);

/** As stores write a version: 19 digits. */
const versionAt = (position: number): string => renderVersion(createVersion(0, BigInt(position)));
export const versionText = (index: number): string => versionAt(positionOf(index));
export const olderText = (index: number): string => versionAt(positionOf(index) - 5);
/** Above the deletion of what was resurrected. */
export const strangeText = (index: number): string => versionAt(positionOf(index) + 7);

/** A store whose views are drifted and read behind its back, by the engine's own client. */
export interface DriftedStore {
  readonly store: ViewStore;
  /** Views of the contract's `item`. */
  readonly views: readonly string[];
  drift(view: Placement): Promise<void>;
  /** The rows that a view shows, by their number. */
  read(view: Placement): Promise<ReadonlyMap<number, SeenRow>>;
  close(): Promise<void>;
}
export interface SeenRow {
  readonly version: string;
  readonly count: number;
  /** All that is held of it: the same text for the same. */
  readonly all: string;
}

/** Redis knows a view by its entity's name alone, and the node is shared. */
export function renamed(original: Catalog): Catalog {
  const suffix = randomUUID().replaceAll('-', '').slice(0, 8);
  const nameOf = (name: string): string => (name === '' ? '' : `${name}_${suffix}`);
  return {
    ...original,
    entities: original.entities.map((each) => ({ ...each, name: nameOf(each.name) })),
    wideTables: original.wideTables.map((each) => ({ ...each, entity: nameOf(each.entity) })),
  };
}
