import { PolystoreError } from '../errors.ts';
import type { AskedStore, Placement } from '../stores/store.ts';
import type { ViewStore } from '../stores/view-store.ts';
import { relevantRows, sqlToken } from './honour-token.ts';
import { limits } from './limits.ts';
import { offersOf, type Qualified } from './plan.ts';
import { type QueryStores, storeHolding } from './query-stores.ts';
import { startDeadline, type Timer, withDeadline } from './timer.ts';
import type { TokenParts } from './tokens.ts';

/** How far a placement is, and how far a token wants it. Positions are texts of digits. */
export interface PlacementPosition {
  readonly placement: string;
  /** What the token asks of it: a WAL position, rows at their versions; null where it asks nothing. */
  readonly must: { readonly wal: string | null; readonly rows: number } | null;
  /** What a node has replayed, or what a view has taken of each partition of its topic; null where `why` says so. */
  readonly has: { readonly wal: string } | { readonly log: Readonly<Record<string, string>> } | null;
  readonly why: string;
}

/** Reads how far those placements are that a plan asks first. What does not answer in time is told of as that. */
export async function readPositions(
  candidates: readonly Qualified[],
  token: TokenParts,
  stores: QueryStores,
  timer: Timer,
): Promise<readonly PlacementPosition[]> {
  const asked = candidates.flatMap(askedFirst);
  const different = new Map(asked.map((candidate) => [candidate.placement, candidate]));
  return Promise.all(
    [...different.values()].map((candidate) => readPosition(candidate, token, stores, timer)),
  );
}

/** Of what is combined, what each table is read from. */
function askedFirst(candidate: Qualified): readonly Qualified[] {
  if (candidate.route.kind === 'empty') return [];
  if (candidate.route.kind !== 'combined') return [candidate];
  return candidate.route.plan.reads.flatMap(offersOf).map(({ chosen }) => chosen);
}

async function readPosition(
  candidate: Qualified,
  token: TokenParts,
  stores: QueryStores,
  timer: Timer,
): Promise<PlacementPosition> {
  const { placement } = candidate;
  const must = mustReach(candidate, token, timer);
  const deadline = startDeadline(timer.clock, limits.positionMs);
  try {
    return { placement, must, ...(await withDeadline(lookAt(candidate, stores), deadline, timer)) };
  } catch (error) {
    if (!(error instanceof PolystoreError)) throw error;
    return { placement, must, has: null, why: error.told.message };
  }
}

function mustReach({ route }: Qualified, token: TokenParts, timer: Timer): PlacementPosition['must'] {
  switch (route.kind) {
    case 'sql': {
      const now = startDeadline(timer.clock, 0);
      const { notBefore, notBeforeVersions } = sqlToken(route.statement, token, now);
      const position = notBefore === undefined || notBefore.position === 0n ? null : notBefore.position;
      return notBefore === undefined
        ? null
        : { wal: position === null ? null : String(position), rows: notBeforeVersions.length };
    }
    case 'native':
    case 'top':
    case 'aggregate': {
      const fragments = route.kind === 'native' ? route.fragments : [route.fragment];
      const [first] = fragments;
      if (first === undefined || !route.token.startsWith('versions')) return null;
      const rows = relevantRows(first.placement, fragments, token).length;
      return rows === 0 ? null : { wal: null, rows };
    }
    case 'empty':
    case 'combined':
      return null;
  }
}

type Look = Pick<PlacementPosition, 'has' | 'why'>;

async function lookAt({ route }: Qualified, stores: QueryStores): Promise<Look> {
  switch (route.kind) {
    case 'sql':
      return {
        has: { wal: String(await stores.aurora.position(route.node)) },
        why: route.node === 'writer' ? 'it writes the log itself' : 'what it has replayed',
      };
    case 'native':
      return lookAtView(route.placement, storeHolding(stores, route.placement));
    case 'top':
    case 'aggregate':
      return lookAtView(route.fragment.placement, storeHolding(stores, route.fragment.placement));
    case 'empty':
    case 'combined':
      return { has: null, why: 'nothing is read' };
  }
}

async function lookAtView(placement: Placement, store: AskedStore): Promise<Look> {
  if (!('name' in placement.target))
    return { has: null, why: 'the source: it follows nothing, but for its indexes, which say no position' };
  if (!keepsProgress(store)) return { has: null, why: 'its store keeps no positions' };
  const kept = await store.readProgress([placement]);
  const own = kept.filter(({ topic }) => topic === placement.entity.topic);
  if (own.length === 0) return { has: null, why: 'it has taken nothing from the change log yet' };
  const offsets = own.map(({ partition, offset }) => [String(partition), String(offset)] as const);
  return {
    has: { log: Object.fromEntries(offsets) },
    why: `the offsets of ${placement.entity.topic} below which it has taken all, by partition`,
  };
}

const keepsProgress = (store: AskedStore): store is AskedStore & Pick<ViewStore, 'readProgress'> =>
  'readProgress' in store;
