import type { Row } from '../change/change.ts';
import { PolystoreError } from '../errors.ts';
import { inPartition, sliceShape } from '../stores/slice.ts';
import type {
  AggregateFragment,
  AskedStore,
  Fragment,
  Placement,
  SqlRequest,
  TopFragment,
  VersionedRow,
} from '../stores/store.ts';
import type { Statement } from './analyse.ts';
import { readDomains } from './domain.ts';
import { limits } from './limits.ts';
import type { TokenUse } from './plan.ts';
import { type Deadline, startDeadline, type Timer } from './timer.ts';
import type { TokenParts, TokenRow } from './tokens.ts';
import { tokenRowsOf } from './view-obstacle.ts';

const keyColumns = (placement: Placement, row: Row): Row =>
  Object.fromEntries(placement.entity.key.map((column) => [column, row[column] ?? null]));

const sameKey = (placement: Placement, a: Row, b: Row): boolean =>
  placement.entity.key.every((column) => a[column] === b[column]);

/** The token's rows that lie where a route reads. A row's location never changes, so others cannot matter. */
export function relevantRows(
  placement: Placement,
  fragments: readonly (Fragment | AggregateFragment | TopFragment)[],
  parts: TokenParts,
): readonly TokenRow[] {
  const { entity } = placement;
  const isRelevant = (fragment: Fragment | AggregateFragment | TopFragment, token: TokenRow): boolean => {
    const { row } = token;
    if (!('kind' in fragment) || fragment.kind === 'filter')
      return tokenRowsOf(entity, readDomains(fragment.where), [token]).length > 0;
    switch (fragment.kind) {
      case 'keys':
        return fragment.keys.some((key) => sameKey(placement, key, row));
      case 'slice':
        // A slice fixes partitions; what only orders rows within them may be any.
        return inPartition(fragment, sliceShape(fragment), row);
    }
  };
  return parts.rows.filter(
    (token) => token.entity === entity.name && fragments.some((fragment) => isRelevant(fragment, token)),
  );
}

/**
 * Waits until a view holds the token's rows at their versions or higher.
 *
 * @throws PolystoreError `token_not_met` when it does not by the deadline; it is asked once at least.
 */
async function awaitVersions(
  store: AskedStore,
  placement: Placement,
  rows: readonly TokenRow[],
  deadline: Deadline,
  timer: Timer,
): Promise<void> {
  let missing = rows;
  let pauseMs: number = limits.tokenPollMs.first;
  while (missing.length > 0) {
    const waiting = missing;
    const held = await store.versions(
      placement,
      waiting.map(({ row }) => row),
    );
    // A view never goes back, so what was reached once need not be asked for again.
    missing = waiting.filter(({ version }, index) => {
      const version_ = held[index];
      return version_ === undefined || version_ < version;
    });
    if (missing.length === 0) return;
    if (deadline.remainingMs() === 0) {
      throw new PolystoreError(
        'token_not_met',
        `A view of ${placement.entity.name} has not reached ${missing.length} of the token's rows within ${deadline.timeoutMs} ms. Send the same request again.`,
      );
    }
    await timer.sleep(pauseMs);
    pauseMs = Math.min(pauseMs * 2, limits.tokenPollMs.last);
  }
}

/**
 * Waits, as far as a route says, for a view to hold what a token speaks of where the route reads.
 *
 * @throws PolystoreError `token_not_met` when it does not.
 */
export async function honour(
  use: TokenUse,
  asked: {
    readonly store: AskedStore;
    readonly placement: Placement;
    readonly fragments: readonly (Fragment | AggregateFragment | TopFragment)[];
  },
  { token, tokenDeadline }: { readonly token: TokenParts; readonly tokenDeadline: Deadline },
  timer: Timer,
): Promise<void> {
  if (use !== 'versions' && use !== 'versions now') return;
  const { store, placement, fragments } = asked;
  const until = use === 'versions' ? tokenDeadline : startDeadline(timer.clock, 0);
  await awaitVersions(store, placement, relevantRows(placement, fragments, token), until, timer);
}

/**
 * Lays the token's rows, read from the table, over rows of an index: an index may show them as they
 * were, or not yet, or still.
 */
export function layOver(
  placement: Placement,
  fromIndex: readonly VersionedRow[],
  tokenRows: readonly TokenRow[],
  fromTable: readonly VersionedRow[],
): readonly VersionedRow[] {
  const untouched = fromIndex.filter(
    ({ row }) => !tokenRows.some((written) => sameKey(placement, written.row, row)),
  );
  return [...untouched, ...fromTable];
}

/** What a token asks of SQL on Aurora, which may be waited for until the deadline. */
export function sqlToken(
  statement: Statement,
  parts: TokenParts,
  deadline: Deadline,
): Pick<SqlRequest, 'notBefore' | 'notBeforeVersions'> {
  const waitMs = deadline.remainingMs();
  const readsAurora = statement.reads.some((entity) => entity.source.kind === 'aurora.source');
  const position = readsAurora ? parts.aurora : undefined;
  const notBeforeVersions = statement.reads.flatMap((entity) => {
    const view = entity.views.find((candidate) => candidate.kind === 'aurora.table');
    if (view === undefined || entity.source.kind === 'aurora.source') return [];
    const placement: Placement = { entity, target: view };
    return parts.rows
      .filter((row) => row.entity === entity.name)
      .map(({ row, version }) => ({ placement, key: keyColumns(placement, row), version }));
  });
  // Every node has reached position 0: it only carries how long to wait for the versions.
  const asks = position !== undefined || notBeforeVersions.length > 0;
  return { notBefore: asks ? { position: position ?? 0n, waitMs } : undefined, notBeforeVersions };
}

/** The keys of token rows, for a consistent read of the table. */
export const tokenKeys = (placement: Placement, rows: readonly TokenRow[]): readonly Row[] =>
  rows.map(({ row }) => keyColumns(placement, row));
