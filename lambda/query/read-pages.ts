import { PolystoreError } from '../errors.ts';
import { placementName } from '../stores/placement.ts';
import { createPredicate } from '../stores/predicate.ts';
import type { Placement, VersionedRow } from '../stores/store.ts';
import { type Answer, answerSelect, refuseTooManyRows } from './answer.ts';
import { honour } from './honour-token.ts';
import type { NativeRoute } from './plan.ts';
import { type QueryStores, storeHolding } from './query-stores.ts';
import {
  type Deadline,
  deadlineExceeded,
  hungStore,
  startDeadline,
  type Timer,
  withDeadline,
} from './timer.ts';
import type { TokenParts } from './tokens.ts';

/** Whether a route's rows are read page by page. */
export const isPaged = ({ inPages = false, fragments }: NativeRoute): boolean =>
  inPages && fragments.length === 1;

/** What one request asks of rows that are read page by page. */
interface PagedRequest {
  readonly token: TokenParts;
  readonly tokenDeadline: Deadline;
  readonly deadline: Deadline;
  /** Within so many milliseconds the first page has to come (`store_unavailable`). @default - any time */
  readonly beginWithinMs: number | undefined;
  readonly maxRows: number;
}

/**
 * The answer to a select whose rows are read in its order, in parts, each of the rows of a page. There is at least one,
 * and all have the same columns. No more rows are held than those of a page.
 *
 * @throws PolystoreError, after parts were given too: `result_too_large` for more rows than `maxRows`,
 *   `deadline_exceeded`, `token_not_met`.
 */
export async function* answerInPages(
  route: NativeRoute,
  request: PagedRequest,
  stores: QueryStores,
  timer: Timer,
): AsyncGenerator<Answer, void, undefined> {
  const { select, placement, fragments } = route;
  const { maxRows, deadline } = request;
  const [fragment] = fragments;
  const store = storeHolding(stores, placement);
  if (select.kind !== 'rows' || fragment?.kind !== 'filter' || store.pages === undefined)
    throw new PolystoreError('internal', 'A plan reads in pages what is no filter of rows.');
  await honour(route.token, { store, placement, fragments }, request, timer);
  const meets = createPredicate({ kind: 'and', of: select.where });
  const { offset, limit = Number.MAX_SAFE_INTEGER } = select;
  // The store has put them in order, and the rest of the select is done here.
  const shown = { ...select, where: [], order: [], offset: 0, limit: undefined };
  let matched = 0;
  let isFirst = true;
  for await (const page of withoutHanging(store.pages(fragment), placement, request, timer)) {
    const matching = page.filter(({ row }) => meets(row) === true);
    const rows = matching.slice(Math.max(0, offset - matched), Math.max(0, offset + limit - matched));
    matched += matching.length;
    refuseTooManyRows(Math.min(matched, offset + limit) - offset, maxRows);
    if (isFirst || rows.length > 0) yield answerSelect(shown, rows, maxRows);
    isFirst = false;
    if (matched >= offset + limit) return;
    if (deadline.remainingMs() === 0) throw deadlineExceeded(deadline);
  }
  if (isFirst) yield answerSelect(shown, [], maxRows);
}

/**
 * The rows of a filter, of which those of all pages are held; with the deadline reading ends, of which a promise that
 * nobody waits for any more would know nothing.
 *
 * @throws PolystoreError `deadline_exceeded`.
 */
export async function readPages(
  pages: AsyncIterable<readonly VersionedRow[]>,
  deadline: Deadline,
): Promise<readonly VersionedRow[]> {
  const rows: VersionedRow[] = [];
  for await (const page of pages) {
    rows.push(...page);
    if (deadline.remainingMs() === 0) throw deadlineExceeded(deadline);
  }
  return rows;
}

/** The same pages, the first of which has to come while another placement has time to answer. */
async function* withoutHanging<T>(
  pages: AsyncIterable<T>,
  placement: Placement,
  { beginWithinMs }: PagedRequest,
  timer: Timer,
): AsyncGenerator<T, void, undefined> {
  const reading = pages[Symbol.asyncIterator]();
  let isHung = false;
  try {
    const first = reading.next();
    let page = await (beginWithinMs === undefined
      ? first
      : withDeadline(first, startDeadline(timer.clock, beginWithinMs), timer).catch((error: unknown) => {
          isHung = error instanceof PolystoreError && error.code === 'deadline_exceeded';
          throw isHung ? hungStore(placementName(placement), beginWithinMs, error) : error;
        }));
    for (; page.done !== true; page = await reading.next()) yield page.value;
  } finally {
    const ended = reading.return?.();
    // What hangs would be waited for, and nobody listens to it any more.
    if (isHung) ended?.catch(() => {});
    else await ended;
  }
}

/** All parts of an answer as one. */
export async function joinParts(parts: AsyncIterable<Answer>): Promise<Answer> {
  let whole: Answer | undefined;
  const rows: Answer['rows'][number][] = [];
  for await (const part of parts) {
    whole ??= part;
    rows.push(...part.rows);
  }
  if (whole === undefined) throw new PolystoreError('internal', 'An answer in parts had none.');
  return { ...whole, rows, rowCount: rows.length };
}
