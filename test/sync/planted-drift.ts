import type { Change, Row } from '../../lambda/change/change.ts';
import type { Version } from '../../lambda/change/version.ts';
import type { Placement } from '../../lambda/stores/store.ts';
import type { Repair, ViewStore } from '../../lambda/stores/view-store.ts';

/** What went wrong with one row of a view. */
export const driftKinds = [
  'lost',
  'hidden',
  'older',
  'same version, other content',
  'not in the source',
  'resurrected',
] as const;
export type DriftKind = (typeof driftKinds)[number];

/** As which `verify` must count it. */
export const countedAs = {
  lost: 'missing',
  hidden: 'missing',
  older: 'stale',
  'same version, other content': 'different',
  'not in the source': 'extra',
  resurrected: 'extra',
} as const satisfies Record<DriftKind, string>;

type Upsert = Extract<Change, { readonly kind: 'upsert' }>;

/** What a store is given to drift. `lost` has none: such a row is never applied to the view. */
export function plantedIn(
  kind: Exclude<DriftKind, 'lost'>,
  change: Upsert,
  { other }: { readonly other: (row: Row) => Row },
): Repair {
  // Versions of the tests leave room below and above.
  const version = (offset: bigint): Version => (change.version + offset) as Version;
  switch (kind) {
    case 'hidden': {
      const { entity, key, row } = change;
      return {
        change: { kind: 'delete', entity, key, version: version(0n), before: row },
        held: change.version,
      };
    }
    case 'older':
      return { change: { ...change, version: version(-5n), row: other(change.row) }, held: change.version };
    case 'same version, other content':
      return { change: { ...change, row: other(change.row) }, held: change.version };
    case 'not in the source':
      return { change, held: undefined };
    case 'resurrected':
      return { change: { ...change, version: version(7n) }, held: version(1n) };
  }
}

/** Plants by rule 3, which lets anything be put in the place of what is held. */
export async function plant(
  store: ViewStore,
  placement: Placement,
  repairs: readonly Repair[],
): Promise<void> {
  const { moved } = await store.repair(placement, repairs);
  if (moved.length > 0) throw new Error(`${moved.length} drifts were not planted`);
}
