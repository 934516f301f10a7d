import type { Row, Value } from '../change/change.ts';
import { type ErrorCode, PolystoreError } from '../errors.ts';
import { placementName } from '../stores/placement.ts';
import type { Caller, Fragment, SqlRequest, VersionedRow } from '../stores/store.ts';
import { type Answer, answerGroups, answerRows, answerSelect, answerSql, type Missing } from './answer.ts';
import { type Loss, lossOf } from './combine/loss.ts';
import { readRelations } from './combine/read-relations.ts';
import { type Relation, tableColumns } from './combine/relation.ts';
import { honour, layOver, sqlToken, tokenKeys } from './honour-token.ts';
import { limits } from './limits.ts';
import type { ReadObserver } from './observe-reads.ts';
import type { CombinedPlan, ReadOffer } from './plan.ts';
import {
  type AggregateRoute,
  type NativeRoute,
  type Qualified,
  type Route,
  sourcePlacement,
  type TopRoute,
} from './plan.ts';
import { aggregatorHolding, type QueryStores, searchHolding, storeHolding } from './query-stores.ts';
import { answerInPages, isPaged, joinParts, readPages } from './read-pages.ts';
import type { QueryRequest } from './request.ts';
import { type Deadline, halfOf, hungStore, startDeadline, type Timer, withDeadline } from './timer.ts';
import type { TokenParts } from './tokens.ts';
import { isUnread, mayLackRows, noneUnread, PartlyRead, readOrCount, type Unread } from './unread.ts';
import { Unrecognised } from './unrecognised.ts';

/** What one request asks of whichever placement answers it. */
export interface ReadRequest {
  readonly params: readonly Value[];
  readonly caller: Caller;
  readonly token: TokenParts;
  readonly maxRows: number;
  readonly deadline: Deadline;
  /** As it was asked, for a function that answers all of it. @default - none is sent it */
  readonly asked?: QueryRequest;
  /** Whether the answer may lack what could not be read, and says so. @default false */
  readonly partial?: boolean;
  /** Watches what each placement is asked. @default - nothing is watched */
  readonly observer?: ReadObserver;
}

export interface Attempt {
  readonly placement: string;
  readonly code: ErrorCode;
  readonly message: string;
  /** Of several stores: what was asked for the rows of the table that could not be read. */
  readonly failed?: readonly Attempt[];
}

/** What answered, and what was asked before it and could not. */
export interface ReadResult<A = Answer> {
  readonly answer: A;
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
export const executeRead = (
  candidates: Iterable<Qualified>,
  request: ReadRequest,
  stores: QueryStores,
  timer: Timer,
): Promise<ReadResult> =>
  askInTurn(candidates, request, timer, ({ route, placement }, turn) => {
    const answer = () => answerBy(route, turn, stores, timer);
    return request.observer === undefined ? answer() : request.observer.watch(placement, answer);
  });

/**
 * Asks the candidates in turn, each as `ask` does, until one answers; when none does, the answer is that of the first
 * of which some could be read, if there is one. What `ask` throws that is no PolystoreError ends it at once.
 *
 * @throws as `executeRead`.
 */
export async function askInTurn<A>(
  candidates: Iterable<Qualified>,
  request: ReadRequest,
  timer: Timer,
  ask: (taken: Qualified, turn: Turn, failed: readonly Attempt[]) => Promise<A>,
): Promise<ReadResult<A | Answer>> {
  const failed: Attempt[] = [];
  let worst: PolystoreError | undefined;
  let partly: Pick<ReadResult, 'answer' | 'taken'> | undefined;
  const tokenMs = Math.min(limits.tokenWaitMs, Math.trunc(request.deadline.remainingMs() / 2));
  const tokenDeadline = startDeadline(timer.clock, tokenMs);
  for (const { taken, isLast } of knowingTheLast(candidates)) {
    const shares = sharesOf(taken, isLast, request.deadline, timer);
    const { deadline } = shares;
    try {
      const work = ask(taken, { ...request, ...shares, tokenDeadline }, failed);
      return { answer: await withDeadline(work, deadline, timer), taken, failed };
    } catch (thrown) {
      if (thrown instanceof PartlyRead) partly ??= { answer: thrown.answer, taken };
      const isLate = thrown instanceof PolystoreError && thrown.code === 'deadline_exceeded';
      const error =
        isLate && deadline !== request.deadline
          ? hungStore(taken.placement, deadline.timeoutMs, thrown)
          : thrown;
      if (error === thrown && isLate && worst?.code === 'token_not_met') break;
      if (!(error instanceof PolystoreError) || !isPassedOn(error, taken)) throw error;
      failed.push(attemptOf(taken.placement, error));
      // A token that was not met may be met by the same request later; it tells the caller most.
      if (worst?.code !== 'token_not_met') worst = error;
    }
  }
  if (partly !== undefined) {
    const { placement } = partly.taken;
    return { ...partly, failed: failed.filter((attempt) => attempt.placement !== placement) };
  }
  throw worst === undefined
    ? new PolystoreError('internal', 'A plan had no candidate.')
    : new PolystoreError(worst.code, worst.message, {
        ...{ cause: worst, told: worst.told.message },
        details: { ...worst.told.details, failed },
      });
}

/** Each candidate, when the one after it is known, and no further ones. */
function* knowingTheLast(candidates: Iterable<Qualified>) {
  let taken: Qualified | undefined;
  for (const next of candidates) {
    if (taken !== undefined) yield { taken, isLast: false };
    taken = next;
  }
  if (taken !== undefined) yield { taken, isLast: true };
}

function attemptOf(placement: string, { code, told }: PolystoreError): Attempt {
  const { failed } = told.details;
  return {
    ...{ placement, code, message: told.message },
    // Those of an error that `askInTurn` has thrown.
    ...(Array.isArray(failed) && { failed }),
  };
}

/**
 * What one candidate may take while there is another. A key or a slice is a matter of milliseconds: a store
 * that takes half of the time for it is taken to be hung, and the next candidate has the other half. SQL
 * and what is read in pages may need all of the time, so only its beginning has to come within half of it.
 */
function sharesOf(
  { route }: Qualified,
  isLast: boolean,
  whole: Deadline,
  timer: Timer,
): Pick<Turn, 'deadline' | 'beginWithinMs'> {
  if (isLast || route.kind === 'empty') return { deadline: whole, beginWithinMs: undefined };
  const half = halfOf(whole, timer.clock);
  return route.kind === 'sql' || (route.kind === 'native' && isPaged(route))
    ? { deadline: whole, beginWithinMs: half.timeoutMs }
    : { deadline: half, beginWithinMs: undefined };
}

/** What one candidate is given, of the request's time and of its token's. */
export interface Turn extends ReadRequest {
  /** Nothing is waited for beyond it: while one placement is waited for, the others get there too. */
  readonly tokenDeadline: Deadline;
  readonly beginWithinMs: number | undefined;
}

export async function answerBy(
  route: Route,
  request: Turn,
  stores: QueryStores,
  timer: Timer,
): Promise<Answer> {
  const { maxRows } = request;
  switch (route.kind) {
    case 'empty':
      return answerSelect(route.select, [], maxRows);
    case 'native':
      return isPaged(route)
        ? joinParts(answerInPages(route, request, stores, timer))
        : answerNative(route, request, stores, timer);
    case 'aggregate':
      return answerGroups(route.select, await readGroups(route, request, stores, timer), maxRows);
    case 'top':
      return answerSelect(route.select, await readTop(route, request, stores, timer), maxRows);
    case 'sql':
      return answerSql(await stores.aurora.run({ ...(await sqlRequest(route, request)), access: 'read' }));
    case 'combined':
      return answerCombined(route.plan, request, stores, timer);
  }
}

/** What Aurora is asked for a read. */
export async function sqlRequest(
  { statement, node }: Extract<Route, { readonly kind: 'sql' }>,
  { params, caller, token, tokenDeadline, maxRows, deadline, beginWithinMs }: Turn,
): Promise<Omit<SqlRequest, 'access'>> {
  return {
    text: await statement.render(),
    ...{ params, caller, node, maxRows },
    timeoutMs: Math.max(1, deadline.remainingMs()),
    ...(beginWithinMs !== undefined && { beginWithinMs }),
    ...sqlToken(statement, token, tokenDeadline),
  };
}

/**
 * Reads what a plan combines, each relation from the first of its placements that answers, and combines it; or has all
 * of that done where DuckDB is.
 */
async function answerCombined(
  plan: CombinedPlan,
  { tokenDeadline: _, beginWithinMs: __, ...request }: Turn,
  stores: QueryStores,
  timer: Timer,
): Promise<Answer> {
  const { combiner } = stores;
  const { asked, deadline } = request;
  if (combiner !== undefined && 'answer' in combiner && asked !== undefined)
    return combiner.answer({ ...asked, timeoutMs: Math.max(1, deadline.remainingMs()) }, request.caller);
  if (combiner === undefined || !('run' in combiner))
    throw new PolystoreError(
      'store_unavailable',
      'The statement combines several stores, which this function does not do itself. Its handler opens what does.',
    );
  const { statement } = plan;
  const losses = request.partial === true ? lossesOf(statement) : undefined;
  const unread = new Map<Relation, Unread & { readonly placement: string }>();
  const found = await readRelations(plan, async (offer, relation) => {
    const { chosen, inTurn, params } = offer;
    const asking = { ...request, params: params(), maxRows: limits.combinedRows, partial: false };
    const loss = losses?.get(relation);
    if (loss === undefined) return (await executeRead(inTurn, asking, stores, timer)).answer.rows;
    if (loss instanceof Unrecognised)
      return executeRead(inTurn, asking, stores, timer).then(
        ({ answer }) => answer.rows,
        (error: unknown) => {
          throw isUnread(error) ? notPartial(relation, loss, error) : error;
        },
      );
    // What hangs leaves the rest half of the time.
    const deadline = halfOf(request.deadline, timer.clock);
    const counted = unread.get(relation) ?? { ...noneUnread(), placement: chosen.placement };
    unread.set(relation, counted);
    const reads = readsOf(offer);
    counted.of += reads;
    try {
      const { answer } = await executeRead(inTurn, { ...asking, deadline, partial: true }, stores, timer);
      for (const { reads: some, code, reason } of answer.missing ?? []) {
        counted.failed += some.failed;
        counted.error ??= new PolystoreError(code, reason, { told: reason });
      }
      return answer.rows;
    } catch (error) {
      if (!isUnread(error)) throw error;
      counted.failed += reads;
      counted.error ??= error;
      return [];
    }
  });
  const { sql, columns, relations } = statement;
  const rows = await combiner.run({
    sql,
    columns,
    tables: relations.map((relation) => ({
      table: relation.table,
      columns: tableColumns(relation),
      rows: found.get(relation) ?? [],
    })),
    timeoutMs: Math.max(1, deadline.remainingMs()),
    maxRows: request.maxRows,
  });
  const answer = answerRows(columns, rows);
  const missing = [...unread].flatMap(([relation, { placement, failed, of, error }]): readonly Missing[] => {
    const loss = losses?.get(relation);
    if (error === undefined || loss === undefined || loss instanceof Unrecognised) return [];
    const nullColumns = [...loss.nullColumns].flatMap((index) => answer.columns[index]?.name ?? []);
    const { absentRows, fewerRepeats } = loss;
    const { code, told } = error;
    const reason = told.message;
    const read = { entity: relation.entity.name, placement, code, reason, reads: { failed, of } };
    return [{ ...read, absentRows, fewerRepeats, nullColumns }];
  });
  return missing.length === 0 ? answer : { ...answer, missing };
}

/** What an answer lacks without rows of each relation, or why there is none without them. */
const lossesOf = (statement: CombinedPlan['statement']): ReadonlyMap<Relation, Loss | Unrecognised> =>
  new Map(statement.relations.map((relation) => [relation, lossOf(statement, relation)]));

const readsOf = ({ chosen: { route } }: ReadOffer): number =>
  route.kind === 'native' ? route.fragments.length : 1;

const notPartial = (
  { entity: { name } }: Relation,
  { message: why }: Unrecognised,
  cause: PolystoreError,
): PolystoreError =>
  new PolystoreError(cause.code, cause.message, {
    cause,
    told: `${cause.told.message} There is no partial answer without ${name}: ${why}.`,
    details: { ...cause.told.details, notPartial: { entity: name, why } },
  });

/** @throws PartlyRead with the answer of what could be read, where the request allows it and the select bears it */
async function answerNative(
  route: NativeRoute,
  turn: Turn,
  stores: QueryStores,
  timer: Timer,
): Promise<Answer> {
  const { select, placement } = route;
  const unread = turn.partial === true && mayLackRows(select) ? noneUnread() : undefined;
  const answer = answerSelect(select, await readNative(route, turn, stores, timer, unread), turn.maxRows);
  if (unread?.error === undefined) return answer;
  const { failed, of, error } = unread;
  if (failed === of) throw error;
  const read = { entity: placement.entity.name, placement: placementName(placement) };
  const missing = { ...read, code: error.code, reason: error.told.message, reads: { failed, of } };
  throw new PartlyRead(
    { ...answer, missing: [{ ...missing, absentRows: true, fewerRepeats: false, nullColumns: [] }] },
    error,
  );
}

async function readNative(
  route: NativeRoute,
  turn: Turn,
  stores: QueryStores,
  timer: Timer,
  unread: Unread | undefined,
): Promise<readonly VersionedRow[]> {
  const { placement, fragments } = route;
  const store = storeHolding(stores, placement);
  await honour(route.token, { store, placement, fragments }, turn, timer);
  // Rows that are laid over may take the place of rows that a limit let in.
  const over =
    route.token === 'lay-over' ? turn.token.rows.filter((row) => row.entity === placement.entity.name) : [];
  const share = halfOf(turn.deadline, timer.clock);
  const read = (fragment: Fragment): Promise<readonly VersionedRow[]> =>
    fragment.kind === 'filter' && store.pages !== undefined
      ? readPages(store.pages(fragment), turn.deadline)
      : store.read(fragment);
  const rows = await readFragments(route, over.length, (fragment) =>
    unread === undefined ? read(fragment) : readOrCount(read(fragment), unread, share, timer),
  );
  if (rows.length > limits.sliceRows && fragments.some((fragment) => fragment.kind !== 'keys')) {
    throw new PolystoreError(
      'scan_refused',
      `The statement reads more than ${limits.sliceRows} rows of ${placement.entity.name} to answer. ${
        fragments.some(({ kind }) => kind === 'filter')
          ? `Add a condition or a limit${turn.asked?.scan === 'allowed' ? '' : ', or allow that with "limits": {"scan": "allowed"}'}.`
          : 'Add a condition on the sort column, or a limit in its order.'
      }`,
    );
  }
  if (over.length === 0) return rows;
  const source = sourcePlacement(placement.entity);
  const current = await store.read({ kind: 'keys', placement: source, keys: tokenKeys(source, over) });
  return layOver(source, rows, over, current);
}

/** Reads all fragments, or one wave after another until there are enough rows. */
async function readFragments(
  { fragments, enough }: NativeRoute,
  over: number,
  readOne: (fragment: Fragment) => Promise<readonly VersionedRow[]>,
): Promise<readonly VersionedRow[]> {
  const read = (some: readonly Fragment[]): Promise<readonly (readonly VersionedRow[])[]> =>
    Promise.all(
      some.map((fragment) =>
        readOne(
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
  return store.aggregate(fragment).catch(leaveToOthers);
}

async function readTop(
  { fragment, token }: TopRoute,
  turn: Turn,
  stores: QueryStores,
  timer: Timer,
): Promise<readonly VersionedRow[]> {
  const store = searchHolding(stores, fragment.placement);
  await honour(token, { store, placement: fragment.placement, fragments: [fragment] }, turn, timer);
  return store.top(fragment).catch(leaveToOthers);
}

/** Another placement may cut groups off that this one would have to answer. */
function leaveToOthers(error: unknown): never {
  if (error instanceof PolystoreError && error.code === 'result_too_large')
    throw new PolystoreError('scan_refused', error.message, { cause: error });
  throw error;
}
