import type { Row } from '../change/change.ts';
import { PolystoreError } from '../errors.ts';
import type { Catalog } from '../model/index.ts';
import type { Caller, Clock, Store } from '../stores/store.ts';
import { createAnalyser, type Statement } from './analyse.ts';
import type { Answer, AnswerColumn } from './answer.ts';
import { type Attempt, executeRead } from './execute-read.ts';
import { executeWrite } from './execute-write.ts';
import { type Explanation, explainRead, explainWrite, writePlacement } from './explain.ts';
import type { PlanContext } from './plan.ts';
import { planRead, type StatementClass } from './plan-read.ts';
import { planWrite } from './plan-write.ts';
import type { QueryStores } from './query-stores.ts';
import type { QueryRequest } from './request.ts';
import { startDeadline, type Timer } from './timer.ts';
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
  readonly route: TakenRoute;
}

export interface QueryEngine {
  query(request: QueryRequest, caller: Caller): Promise<QueryAnswer>;
  explain(request: QueryRequest, caller: Caller): Promise<Explanation>;
  /** Whether each store that it was given answers. */
  health(): Promise<Readonly<Record<string, 'ok' | 'unavailable'>>>;
}

/** Analyses, plans and executes statements over one model. */
export function createQueryEngine(options: QueryEngineOptions): QueryEngine {
  const { catalog, stores, tokens, timer, clock, generation } = options;
  const analyse = createAnalyser(catalog);

  const prepare = async (request: QueryRequest, caller: Caller) => {
    const token = await tokens.read(request.tokens, caller);
    const statement = await analyse(request.sql);
    if (request.params.length !== statement.parameterCount)
      throw new PolystoreError(
        'invalid_request',
        `The statement takes ${statement.parameterCount} parameter(s) and got ${request.params.length}; send as many as it has.`,
      );
    return { token, statement };
  };
  const plan = (statement: Statement, request: QueryRequest, caller: Caller, token: TokenParts) => {
    const context: PlanContext = {
      tenant: caller.kind === 'tenant' ? caller.tenant : undefined,
      params: request.params,
      freshness: request.freshness,
      validUntilMs: clock() + request.timeoutMs,
      maxRows: request.maxRows,
      workload: request.workload,
      token,
      unreadyIndexes: options.unreadyIndexes ?? new Set(),
    };
    return planRead(statement, catalog, context);
  };
  const answered = async (
    answer: Answer,
    route: TakenRoute,
    parts: TokenParts,
    caller: Caller,
  ): Promise<QueryAnswer> => ({
    ...answer,
    token: parts.aurora === undefined && parts.rows.length === 0 ? null : await tokens.issue(parts, caller),
    route,
  });

  return {
    query: async (request, caller) => {
      const deadline = startDeadline(timer.clock, request.timeoutMs);
      const { token, statement } = await prepare(request, caller);
      const { params, maxRows } = request;
      if (statement.access === 'write') {
        const write = planWrite(statement, caller, params);
        const { answer, parts } = await executeWrite(
          write,
          { params, caller, token, maxRows, deadline, generation },
          stores,
          timer,
        );
        const { placement, engine, why } = writePlacement(write);
        return answered(
          answer,
          { class: 'write', placement, engine, why, failed: [] },
          mergeParts([token, parts]),
          caller,
        );
      }
      const read = plan(statement, request, caller, token);
      const { answer, taken, failed } = await executeRead(
        read.qualified,
        { params, caller, token, maxRows, deadline },
        stores,
        timer,
      );
      const { placement, engine, why } = taken;
      return answered(answer, { class: read.class, placement, engine, why, failed }, token, caller);
    },
    explain: async (request, caller) => {
      const { token, statement } = await prepare(request, caller);
      return statement.access === 'write'
        ? explainWrite(planWrite(statement, caller, request.params), caller)
        : explainRead(plan(statement, request, caller, token), statement, caller, token);
    },
    health: async () => {
      const answers = await Promise.all(
        Object.entries(stores).map(async ([name, store]: [string, Store]) => {
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
