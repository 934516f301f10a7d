import type { Row } from '../change/change.ts';
import { PolystoreError } from '../errors.ts';
import type { Catalog } from '../model/index.ts';
import type { Isolation } from '../stores/isolation.ts';
import type { Caller, Clock, Store } from '../stores/store.ts';
import { createAnalyser, type Statement } from './analyse.ts';
import { type Answer, type AnswerColumn, answerColumns, type Missing } from './answer.ts';
import { parseCursor, renderCursor } from './cursors.ts';
import { type Attempt, executeRead } from './execute-read.ts';
import { executeTransaction } from './execute-transaction.ts';
import { executeWrite } from './execute-write.ts';
import { type Explanation, explainRead, explainWrite, writePlacement } from './explain.ts';
import {
  explainTransaction,
  type StatementRoute,
  type TransactionExplanation,
  transactionRoutes,
} from './explain-transaction.ts';
import { createReadObserver } from './observe-reads.ts';
import { cutPage } from './page.ts';
import type { Qualified } from './plan.ts';
import { planReadPage, type ReadPlan, type StatementClass } from './plan-read.ts';
import { planTime } from './plan-time.ts';
import { planTransaction, settled } from './plan-transaction.ts';
import { planWrite } from './plan-write.ts';
import { createPlanner, type PlanRequest } from './planner.ts';
import { readPositions } from './positions.ts';
import type { QueryStores } from './query-stores.ts';
import type { QueryRequest, TransactionRequest } from './request.ts';
import { giveAnswer, type ReadSink, streamRead } from './stream-read.ts';
import { type Deadline, startDeadline, type Timer } from './timer.ts';
import { mergeParts, type TokenParts, type Tokens } from './tokens.ts';

export interface QueryEngineOptions {
  readonly catalog: Catalog;
  readonly stores: QueryStores;
  readonly tokens: Tokens;
  /** What deadlines and waiting run by. */
  readonly timer: Timer;
  /** What rows expire by. */
  readonly clock: Clock;
  /** Of the versions in tokens, 0 to 127: the one that capture is configured with. */
  readonly generation: number;
  /** Names of DynamoDB's global indexes that are not there yet, or not filled. @default - none */
  readonly unreadyIndexes?: ReadonlySet<string>;
}

/** Which placement answered, and why it did. */
export interface TakenRoute {
  readonly class: StatementClass;
  readonly placement: string;
  readonly engine: string;
  readonly why: string;
  /** Placements that were asked before and could not answer. */
  readonly failed: readonly Attempt[];
}

/** The answer of POST /query. */
export interface QueryAnswer {
  readonly rows: readonly Row[];
  readonly columns: readonly AnswerColumn[];
  readonly rowCount: number;
  /** Stands for all that the given tokens stand for, and for this write; null when that is nothing. */
  readonly token: string | null;
  /** Of a page: what the next one is asked for with, or null where there is none. */
  readonly cursor?: string | null;
  /** Of a read that was allowed to be partial: what it lacks; empty when it is whole. */
  readonly missing?: readonly Missing[];
  readonly route: TakenRoute;
}

/** The answer of POST /query to several statements. */
export interface TransactionAnswer {
  /** In the order of the statements. */
  readonly results: readonly StatementAnswer[];
  /** What it was done with: what was asked for, or what the source gives that is stronger. */
  readonly isolation: Isolation;
  /** Stands for all that the given tokens stand for, and for all that was written. */
  readonly token: string | null;
}
export interface StatementAnswer extends Answer {
  readonly route: StatementRoute;
}

/** What is known of an answer at its end. */
export type AnswerEnd = Pick<QueryAnswer, 'rowCount' | 'token' | 'cursor' | 'missing'>;

/** Where the answer of POST /query goes while it is made. */
export interface AnswerSink extends Pick<ReadSink, 'rows' | 'signal'> {
  /** Once, before any row. */
  begin(head: Pick<QueryAnswer, 'columns' | 'route'>): Promise<void>;
}

export interface QueryEngine {
  /** Of a statement that only reads: its rows, without a token. @throws PolystoreError `invalid_request` for one that writes */
  read(request: QueryRequest, caller: Caller): Promise<Answer>;
  query(request: QueryRequest, caller: Caller): Promise<QueryAnswer>;
  /**
   * The same into a sink; what is known at its end.
   * @throws PolystoreError, after rows were given too: what was given is no answer then.
   */
  stream(request: QueryRequest, caller: Caller, sink: AnswerSink): Promise<AnswerEnd>;
  /** All of the statements or none. @throws PolystoreError, with `details.statement` where one is at fault. */
  transact(request: TransactionRequest, caller: Caller): Promise<TransactionAnswer>;
  explain(request: QueryRequest, caller: Caller): Promise<Explanation>;
  explainTransaction(request: TransactionRequest, caller: Caller): Promise<TransactionExplanation>;
  /** Whether each store that it was given answers. */
  health(): Promise<Readonly<Record<string, 'ok' | 'unavailable'>>>;
}

/** Analyses, plans and executes statements over one model. */
export function createQueryEngine(options: QueryEngineOptions): QueryEngine {
  const { catalog, stores, tokens, timer, clock, generation } = options;
  const analyse = createAnalyser(catalog);
  const planner = createPlanner(catalog);
  const unreadyIndexes = options.unreadyIndexes ?? new Set<string>();
  const patterns = new Map(catalog.accessPatterns.map((pattern) => [pattern.sql, pattern]));

  const analyseGiven = async ({ sql, params }: Pick<QueryRequest, 'sql' | 'params'>) => {
    const statement = await analyse(sql);
    if (params.length !== statement.parameterCount)
      throw new PolystoreError(
        'invalid_request',
        `The statement takes ${statement.parameterCount} parameter(s) and got ${params.length}; send as many as it has.`,
      );
    return statement;
  };
  const prepare = async (request: QueryRequest, caller: Caller) => {
    const token = await tokens.read(request.tokens, caller);
    const statement = await analyseGiven(request);
    if (request.partial && statement.access === 'write')
      throw new PolystoreError('invalid_request', 'A write is done whole. Send it without limits.partial.');
    return { token, statement };
  };
  const prepareTransaction = async ({ statements, tokens: given }: TransactionRequest, caller: Caller) => {
    const token = await tokens.read(given, caller);
    const analysed = settled(await Promise.allSettled(statements.map(analyseGiven)));
    const each = analysed.map((statement, index) => ({ statement, params: statements[index]?.params ?? [] }));
    return { token, plan: planTransaction(each, caller) };
  };
  const contextOf = (request: QueryRequest, caller: Caller, token: TokenParts): PlanRequest => {
    const pattern = patterns.get(request.sql.trim());
    const nowMs = clock();
    return {
      tenant: caller.kind === 'tenant' ? caller.tenant : undefined,
      params: request.params,
      freshness: pattern?.freshness === 0 ? 'strong' : request.freshness,
      ...{ nowMs, validUntilMs: nowMs + request.timeoutMs },
      maxRows: request.maxRows,
      workload: request.workload ?? pattern?.workload,
      token,
      scan: pattern?.scan ?? request.scan,
      partial: request.partial,
      unreadyIndexes,
    };
  };
  const plan = (statement: Statement, request: QueryRequest, caller: Caller, token: TokenParts) =>
    planner(statement, contextOf(request, caller, token));
  const planPaged = async (
    statement: Statement,
    request: QueryRequest,
    size: number,
    caller: Caller,
    token: TokenParts,
  ) => {
    if (statement.access === 'write')
      throw new PolystoreError(
        'not_supported',
        'A write is done at once, not in pages. Send it without limits.pageSize.',
      );
    const { cursor } = request;
    const use = { request, caller, catalog, nowMs: clock() };
    const place = cursor === undefined ? undefined : await parseCursor(cursor, use, await tokens.secret());
    const { nowMs, validUntilMs, ...context } = contextOf(request, caller, token);
    const time = planTime({ nowMs, validUntilMs });
    return planReadPage(statement, catalog, { ...context, time }, { size, place });
  };
  const readPage = async (
    statement: Statement,
    request: QueryRequest,
    size: number,
    caller: Caller,
    token: TokenParts,
    deadline: Deadline,
  ): Promise<QueryAnswer> => {
    const planned = await planPaged(statement, request, size, caller, token);
    const { page, params } = planned;
    const { answer, taken, failed } = await executeRead(
      planned.plan.inTurn,
      { params, caller, token, maxRows: size + 1, deadline },
      stores,
      timer,
    );
    const { rows, next } = cutPage(page, answer.rows);
    const use = { request, caller, catalog, nowMs: clock() };
    return {
      ...(await answered(
        answerColumns(page.output, rows, rows.length),
        routeOf(planned.plan, taken, failed),
        token,
        caller,
      )),
      cursor: next === undefined ? null : await renderCursor(next, use, await tokens.secret()),
    };
  };
  const issue = async (parts: TokenParts, caller: Caller): Promise<string | null> =>
    parts.aurora === undefined && parts.rows.length === 0 ? null : tokens.issue(parts, caller);
  const answered = async (
    answer: Answer,
    route: TakenRoute,
    parts: TokenParts,
    caller: Caller,
  ): Promise<QueryAnswer> => ({ ...answer, token: await issue(parts, caller), route });

  const write = async (
    statement: Statement,
    { params, maxRows }: QueryRequest,
    caller: Caller,
    token: TokenParts,
    deadline: Deadline,
  ): Promise<QueryAnswer> => {
    const planned = planWrite(statement, caller, params);
    const { answer, parts } = await executeWrite(
      planned,
      { params, caller, token, maxRows, deadline, generation },
      stores,
      timer,
    );
    const { placement, engine, why } = writePlacement(planned);
    const route = { class: 'write', placement, engine, why, failed: [] } as const;
    return answered(answer, route, mergeParts([token, parts]), caller);
  };

  return {
    read: async (request, caller) => {
      const deadline = startDeadline(timer.clock, request.timeoutMs);
      const { token, statement } = await prepare(request, caller);
      if (statement.access === 'write')
        throw new PolystoreError('invalid_request', 'The statement writes; here statements are only read.');
      const { params, maxRows } = request;
      const { inTurn } = plan(statement, request, caller, token);
      const asked = { params, caller, token, maxRows, deadline, partial: request.partial };
      return (await executeRead(inTurn, asked, stores, timer)).answer;
    },
    query: async (request, caller) => {
      const deadline = startDeadline(timer.clock, request.timeoutMs);
      const { token, statement } = await prepare(request, caller);
      const { params, maxRows, pageSize } = request;
      if (pageSize !== undefined) return readPage(statement, request, pageSize, caller, token, deadline);
      if (statement.access === 'write') return write(statement, request, caller, token, deadline);
      const read = plan(statement, request, caller, token);
      const { answer, taken, failed } = await executeRead(
        read.inTurn,
        { params, caller, token, maxRows, deadline, asked: request, partial: request.partial },
        stores,
        timer,
      );
      const given = await answered(answer, routeOf(read, taken, failed), token, caller);
      return request.partial ? { ...given, missing: answer.missing ?? [] } : given;
    },
    stream: async (request, caller, sink) => {
      const deadline = startDeadline(timer.clock, request.timeoutMs);
      const { token, statement } = await prepare(request, caller);
      const { params, maxRows, pageSize } = request;
      if (pageSize !== undefined || statement.access === 'write') {
        const { columns, rows, route, ...end } = await (pageSize === undefined
          ? write(statement, request, caller, token, deadline)
          : readPage(statement, request, pageSize, caller, token, deadline));
        const begin = () => sink.begin({ columns, route });
        await giveAnswer({ columns, rows, rowCount: end.rowCount }, { ...sink, begin });
        return end;
      }
      const read = plan(statement, request, caller, token);
      // Past its deadline nobody waits for what still runs.
      const over = new AbortController();
      try {
        const { rowCount, missing = [] } = await streamRead(
          read.inTurn,
          { params, caller, token, maxRows, deadline, asked: request, partial: request.partial },
          stores,
          timer,
          {
            begin: (columns, taken, failed) => sink.begin({ columns, route: routeOf(read, taken, failed) }),
            rows: sink.rows,
            signal: AbortSignal.any([sink.signal, over.signal]),
          },
        );
        return { rowCount, token: await issue(token, caller), ...(request.partial && { missing }) };
      } finally {
        over.abort();
      }
    },
    transact: async (request, caller) => {
      const deadline = startDeadline(timer.clock, request.timeoutMs);
      const { token, plan: planned } = await prepareTransaction(request, caller);
      const { statements: given, isolation: asked, maxRows } = request;
      const { answers, parts, isolation } = await executeTransaction(
        planned,
        { given, isolation: asked, caller, token, maxRows, deadline, generation },
        stores,
        timer,
      );
      const routes = transactionRoutes(planned);
      return {
        results: answers.map((answer, index) => ({
          ...answer,
          // As many routes as statements, and as many statements as answers.
          route: routes[index] as StatementRoute,
        })),
        isolation,
        token: await issue(mergeParts([token, parts]), caller),
      };
    },
    explainTransaction: async (request, caller) => {
      const { plan: planned } = await prepareTransaction(request, caller);
      return explainTransaction(planned, request.isolation, caller);
    },
    explain: async (request, caller) => {
      const { token, statement } = await prepare(request, caller);
      const { analyze = false, ...asked } = request;
      const { pageSize, partial } = asked;
      if (statement.access === 'write' && analyze)
        throw new PolystoreError(
          'invalid_request',
          'To analyze is to run, and the statement writes. Explain it without analyze.',
        );
      if (statement.access === 'write' && pageSize === undefined)
        return explainWrite(planWrite(statement, caller, request.params), caller);
      const page =
        pageSize === undefined ? undefined : await planPaged(statement, request, pageSize, caller, token);
      const read = page?.plan ?? plan(statement, request, caller, token);
      const positions = await readPositions(read.qualified, token, stores, timer);
      const explanation = await explainRead(read, {
        ...{ caller, token, partial, positions },
        statement: page?.statement ?? statement,
      });
      if (!analyze) return explanation;
      const observer = createReadObserver(timer);
      const begunMs = timer.clock();
      const { answer } = await executeRead(
        read.inTurn,
        {
          ...{ caller, token, partial, observer },
          params: page?.params ?? request.params,
          maxRows: pageSize === undefined ? request.maxRows : pageSize + 1,
          deadline: startDeadline(timer.clock, request.timeoutMs),
          ...(page === undefined && { asked }),
        },
        stores,
        timer,
      );
      const rows = page === undefined ? answer.rowCount : cutPage(page.page, answer.rows).rows.length;
      const actual = { rows, ms: timer.clock() - begunMs, reads: observer.observed() };
      return {
        ...explanation,
        actual: partial ? { ...actual, missing: answer.missing ?? [] } : actual,
      };
    },
    health: async () => {
      const answers = await Promise.all(
        Object.entries(stores).map(async ([name, store]: [string, Pick<Store, 'health'>]) => {
          const state = await store.health().then(
            () => 'ok' as const,
            () => 'unavailable' as const,
          );
          return [name, state] as const;
        }),
      );
      return Object.fromEntries(answers);
    },
  };
}

const routeOf = (
  read: ReadPlan,
  { placement, engine, why }: Qualified,
  failed: readonly Attempt[],
): TakenRoute => ({ class: read.class, placement, engine, why, failed });
