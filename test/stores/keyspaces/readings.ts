import type { Row } from '../../../lambda/change/change.ts';
import type { AggregateFragment, Placement } from '../../../lambda/stores/store.ts';
import { hourOf } from './sales.ts';

export interface Reading {
  readonly id: number;
  readonly hour: number;
  readonly minute: number;
  readonly kind: string;
  readonly degrees: number | null;
  readonly tenant?: string;
}

/** A row of the contract model's `reading`. */
export const readingRow = ({ id, hour, minute, kind, degrees, tenant = 'acme' }: Reading): Row => ({
  tenant,
  reading_id: `r${id}`,
  at: hourOf(hour, minute),
  kind,
  degrees,
});

export const aggregateOf = (placement: Placement, parts: Partial<AggregateFragment>): AggregateFragment => ({
  placement,
  where: [],
  match: [],
  groups: [],
  aggregates: [],
  maxGroups: 1000,
  ...parts,
});

/** Rows as texts, so that their order and that of their columns does not matter. */
export const sortedText = (rows: readonly Row[]): readonly string[] =>
  rows.map((row) => JSON.stringify(Object.entries(row).sort(([a], [b]) => (a < b ? -1 : 1)))).sort();
