import type { Row, Value } from '../change/change.ts';
import { type ErrorCode, errorCatalog, PolystoreError } from '../errors.ts';
import type { AggregateFragment, Caller, Fragment, Store, VersionedRow } from '../stores/store.ts';
import { type Answer, answerGroups, answerSelect, answerSql } from './answer.ts';
import { awaitVersions, layOver, relevantRows, sqlToken, tokenKeys } from './honour-token.ts';
import { limits } from './limits.ts';
import {
  type AggregateRoute,
  type NativeRoute,
  type Qualified,
  type Route,
  sourcePlacement,
  type TokenUse,
} from './plan.ts';
import { aggregatorHolding, type QueryStores, storeHolding } from './query-stores.ts';
import { type Deadline, halfOf, startDeadline, type Timer, withDeadline } from './timer.ts';
import type { TokenParts } from './tokens.ts';

/** What one request asks of whichever placement answers it. */
export interface ReadRequest {
  readonly params: readonly Value[];
  readonly caller: Caller;
  readonly token: TokenParts;
  readonly maxRows: number;
  readonly deadline: Deadline;
}

export interface Attempt {
  readonly placement: string;
  readonly code: ErrorCode;
  readonly message: string;
}

/** What answered, and what was asked before it and could not. */
export interface ReadResult {
  readonly answer: Answer;
  readonly taken: Qualified;
  readonly failed: readonly Attempt[];
}

/** Failures of one placement that leave the question open for the next. */
const passedOn: ReadonlySet<ErrorCode> = new Set([
  'store_unavailable',
  'token_not_met',
  'scan_refused',
  // Nobody contends with a read, but what a replica replays does.
  'contended',
  // A value that the store cannot even be asked for, such as a key above its limit.
  'store_rejected',
]);

/** What PostgreSQL does not support, it supports on no node; another store's limits are its own. */
const isPassedOn = ({ code }: PolystoreError, { route }: Qualified): boolean =>
  passedOn.has(code) || (code === 'not_supported' && route.kind !== 'sql');

/**
 * Asks the candidates in turn until one answers.
 *
 * @throws PolystoreError of the last candidate when all fail, `deadline_exceeded`, `result_too_large`.
 */
export async function executeRead(
  candidates: readonly [Qualified, ...Qualified[]],
  request: ReadRequest,
  stores: QueryStores,
  timer: Timer,
): Promise<ReadResult> {
  const failed: Attempt[] = [];
  let worst: PolystoreError | undefined;
  const tokenMs = Math.min(limits.tokenWaitMs, Math.trunc(request.deadline.remainingMs() / 2));
  const tokenDeadline = startDeadline(timer.clock, tokenMs);
  for (const [index, taken] of candidates.entries()) {
    const shares = sharesOf(taken, index === candidates.length - 1, request.deadline, timer);
    const { deadline } = shares;
    try {
      const work = answerBy(taken.route, { ...request, ...shares, tokenDeadline }, stores, timer);
      return { answer: await withDeadline(work, deadline, timer), taken, failed };
    } catch (thrown) {
      const isLate = thrown instanceof PolystoreError && thrown.code === 'deadline_exceeded';
      const error = isLate && deadline !== request.deadline ? hungStore(taken, deadline, thrown) : thrown;
      if (error === thrown && isLate && worst?.code === 'token_not_met') break;
      if (!(error instanceof PolystoreError) || !isPassedOn(error, taken)) throw error;
      // What is our own fault is told by its code alone: the message may show internals.
      const message = error.status === 500 ? errorCatalog[error.code].summary : error.message;
      failed.push({ placement: taken.placement, code: error.code, message });
      // A token that was not met may be met by the same request later; it tells the caller most.
      if (worst?.code !== 'token_not_met') worst = error;
    }
  }
  throw worst === undefined
    ? new PolystoreError('internal', 'A plan had no candidate.')
    : new PolystoreError(worst.code, worst.message, { cause: worst, details: { ...worst.details, failed } });
}

/**
 * What one candidate may take while there is another. A key or a slice is a matter of milliseconds: a store
 * that takes half of the time for it is taken to be hung, and the next candidate has the other half. SQL
 * may need all of the time, so only its beginning has to come within half of it.
 */
function sharesOf(
  { route }: Qualified,
  isLast: boolean,
  whole: Deadline,
  timer: Timer,
): Pick<Turn, 'deadline' | 'beginWithinMs'> {
  if (isLast || route.kind === 'empty') return { deadline: whole, beginWithinMs: undefined };
  const half = halfOf(whole, timer.clock);
  return route.kind === 'sql'
    ? { deadline: whole, beginWithinMs: half.timeoutMs }
    : { deadline: half, beginWithinMs: undefined };
}

function hungStore({ placement }: Qualified, { timeoutMs }: Deadline, cause: unknown): PolystoreError {
  return new PolystoreError(
    'store_unavailable',
    `${placement} did not answer within ${timeoutMs} ms. Send the same request again.`,
    { cause },
  );
}

/** What one candidate is given, of the request's time and of its token's. */
interface Turn extends ReadRequest {
  /** Nothing is waited for beyond it: while one placement is waited for, the others get there too. */
  readonly tokenDeadline: Deadline;
  readonly beginWithinMs: number | undefined;
}

async function answerBy(route: Route, request: Turn, stores: QueryStores, timer: Timer): Promise<Answer> {
  const { params, caller, token, tokenDeadline, maxRows, deadline, beginWithinMs } = request;
  switch (route.kind) {
    case 'empty':
      return answerSelect(route.select, [], maxRows);
    case 'native':
      return answerSelect(route.select, await readNative(route, request, stores, timer), maxRows);
    case 'aggregate':
      return answerGroups(route.select, await readGroups(route, request, stores, timer), maxRows);
    case 'sql':
      return answerSql(
        await stores.aurora.run({
          text: await route.statement.render(),
          params,
          caller,
          access: 'read',
          node: route.node,
          timeoutMs: Math.max(1, deadline.remainingMs()),
          ...(beginWithinMs !== undefined && { beginWithinMs }),
          maxRows,
          ...sqlToken(route.statement, token, tokenDeadline),
        }),
      );
  }
}

async function readNative(
  route: NativeRoute,
  turn: Turn,
  stores: QueryStores,
  timer: Timer,
): Promise<readonly VersionedRow[]> {
  const { placement, fragments } = route;
  const store = storeHolding(stores, placement);
  await honour(route.token, { store, placement, fragments }, turn, timer);
  // Rows that are laid over may take the place of rows that a limit let in.
  const over =
    route.token === 'lay-over' ? turn.token.rows.filter((row) => row.entity === placement.entity.name) : [];
  const rows = await readFragments(store, route, over.length);
  if (rows.length > limits.sliceRows && fragments.some((fragment) => fragment.kind !== 'keys')) {
    throw new PolystoreError(
      'scan_refused',
      `The statement reads more than ${limits.sliceRows} rows of ${placement.entity.name} to answer. Add a condition on the sort column, or a limit in its order.`,
    );
  }
  if (over.length === 0) return rows;
  const source = sourcePlacement(placement.entity);
  const current = await store.read({ kind: 'keys', placement: source, keys: tokenKeys(source, over) });
  return layOver(source, rows, over, current);
}

/** Reads all fragments, or one wave after another until there are enough rows. */
async function readFragments(
  store: Store,
  { fragments, enough }: NativeRoute,
  over: number,
): Promise<readonly VersionedRow[]> {
  const read = (some: readonly Fragment[]): Promise<readonly (readonly VersionedRow[])[]> =>
    Promise.all(
      some.map((fragment) =>
        store.read(
          fragment.kind === 'slice' && fragment.limit !== undefined && fragment.limit <= limits.sliceRows
            ? { ...fragment, limit: fragment.limit + over }
            : fragment,
        ),
      ),
    );
  if (enough === undefined) return (await read(fragments)).flat();
  const rows: VersionedRow[] = [];
  for (let index = 0; index < fragments.length && rows.length < enough + over; index += limits.slicesAtOnce) {
    for (const slice of await read(fragments.slice(index, index + limits.slicesAtOnce))) rows.push(...slice);
  }
  return rows;
}

async function readGroups(
  { fragment, token }: AggregateRoute,
  turn: Turn,
  stores: QueryStores,
  timer: Timer,
): Promise<readonly Row[]> {
  const store = aggregatorHolding(stores, fragment.placement);
  await honour(token, { store, placement: fragment.placement, fragments: [fragment] }, turn, timer);
  try {
    return await store.aggregate(fragment);
  } catch (error) {
    // Another placement may cut groups off that this one would have to answer.
    if (error instanceof PolystoreError && error.code === 'result_too_large')
      throw new PolystoreError('scan_refused', error.message, { cause: error });
    throw error;
  }
}

/** @throws PolystoreError `token_not_met` unless the view holds what the token speaks of there. */
async function honour(
  use: TokenUse,
  {
    store,
    placement,
    fragments,
  }: Pick<NativeRoute, 'placement'> & {
    readonly store: Store;
    readonly fragments: readonly (Fragment | AggregateFragment)[];
  },
  { token, tokenDeadline }: Turn,
  timer: Timer,
): Promise<void> {
  if (use !== 'versions' && use !== 'versions now') return;
  const until = use === 'versions' ? tokenDeadline : startDeadline(timer.clock, 0);
  await awaitVersions(store, placement, relevantRows(placement, fragments, token), until, timer);
}
