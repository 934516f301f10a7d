import { setTimeout } from 'node:timers/promises';
import type { Row, Value } from '../../lambda/change/change.ts';
import { createVersion, type Version } from '../../lambda/change/version.ts';
import { PolystoreError } from '../../lambda/errors.ts';
import { compile, type EntityDefinition, entityOf, parseRow } from '../../lambda/model/index.ts';
import type { QueryEngineOptions } from '../../lambda/query/engine.ts';
import { createQueryEngine, createTokens } from '../../lambda/query/index.ts';
import type { PlanContext } from '../../lambda/query/plan.ts';
import { planTime } from '../../lambda/query/plan-time.ts';
import type { QueryRequest } from '../../lambda/query/request.ts';
import type { Timer } from '../../lambda/query/timer.ts';
import { noParts } from '../../lambda/query/tokens.ts';
import { createMemoryStore } from '../../lambda/stores/memory/index.ts';
import { keyOf } from '../../lambda/stores/source-write.ts';
import type {
  Caller,
  Placement,
  SqlRequest,
  SqlResult,
  SqlStore,
  SqlTransaction,
} from '../../lambda/stores/store.ts';
import model from '../../model/flights.ts';

/** These tests are about sources, Aurora and Redis; views of other stores have theirs (view-model.ts). */
const views = (declared: EntityDefinition['views']): EntityDefinition['views'] =>
  Object.fromEntries(Object.entries(declared).filter(([, { kind }]) => /^(aurora|redis)\./.test(kind)));

export const catalog = compile({
  ...model,
  entities: model.entities.map((entity) => ({ ...entity, views: views(entity.views) })),
});
export const flightEntity = entityOf(catalog, 'flight');
const eventEntity = entityOf(catalog, 'flight_event');
export const nowMs = Date.parse('2013-01-01T18:00:00Z');
export const ua: Caller = { kind: 'tenant', tenant: 'UA', subject: 'ua-user' };
export const aa: Caller = { kind: 'tenant', tenant: 'AA', subject: 'aa-user' };
export const operator: Caller = { kind: 'operator', subject: 'olga' };
export const secret = new TextEncoder().encode('a test secret of at least 32 bytes');

export const placementOf = (entity: string, view?: string): Placement => {
  const found = entityOf(catalog, entity);
  const target = view === undefined ? found.source : found.views.find(({ name }) => name === view);
  if (target === undefined) throw new TypeError(`${entity} has no view ${view}`);
  return { entity: found, target };
};

/** A flight of UA 1545 on the first of January, from EWR, unless said otherwise. */
export const flight = (fields: Row = {}): Row =>
  parseRow(flightEntity, {
    carrier: 'UA',
    flight_number: 1545,
    scheduled_at: '2013-01-01T10:15:00Z',
    tail_number: 'N14228',
    origin: 'EWR',
    destination: 'IAH',
    distance_miles: 1400,
    status: 'arrived',
    departure_delay_minutes: 2,
    ...fields,
  });

export const event = (fields: Row = {}): Row =>
  parseRow(eventEntity, {
    carrier: 'UA',
    flight_number: 1545,
    event_id: 'e1',
    at: '2013-01-01T10:15:00Z',
    kind: 'departed',
    scheduled_at: '2013-01-01T10:15:00Z',
    origin: 'EWR',
    destination: 'IAH',
    ...fields,
  });

/** A SqlStore that notes what it is asked and answers from a list, an error being thrown. */
export function fakeAurora(
  answers: (SqlResult | PolystoreError)[] = [],
): SqlStore & { asked: SqlRequest[]; transactions: SqlTransaction[] } {
  const asked: SqlRequest[] = [];
  const transactions: SqlTransaction[] = [];
  const empty: SqlResult = { columns: [], rows: [], rowCount: 0, position: undefined };
  const run: SqlStore['run'] = async (request) => {
    asked.push(request);
    const answer = answers.shift() ?? empty;
    if (answer instanceof PolystoreError) throw answer;
    return answer;
  };
  return {
    asked,
    transactions,
    run,
    stream: async (request, sink) => {
      const { columns, rows, rowCount } = await run({ ...request, access: 'read' });
      await sink.begin(columns);
      await sink.rows(rows);
      return rowCount;
    },
    transact: async (transaction) => {
      transactions.push(transaction);
      const results = transaction.statements.map(() => {
        const answer = answers.shift() ?? empty;
        if (answer instanceof PolystoreError) throw answer;
        return answer;
      });
      return { results, position: results.at(-1)?.position };
    },
    position: async () => 100n,
    name: 'aurora',
    capabilities: createMemoryStore({ clock: () => nowMs }).capabilities,
    connect: async () => {},
    apply: async () => ({ applied: 0, stale: 0, rejected: [] }),
    read: async () => [],
    versions: async () => [],
    health: async () => {},
    close: async () => {},
  };
}

export const sqlResult = (
  columns: readonly string[],
  rows: readonly (readonly Value[])[],
  position?: bigint,
): SqlResult => ({
  columns: columns.map((name) => ({ name, type: 'other' })),
  rows,
  rowCount: rows.length,
  position,
});

/** An engine over memory stores; waiting takes no time, for its clock moves by what is slept. */
export function createHarness(
  answers: (SqlResult | PolystoreError)[] = [],
  settings: Pick<QueryEngineOptions, 'unreadyIndexes'> = {},
) {
  let elapsedMs = 0;
  const aurora = fakeAurora(answers);
  const dynamodb = createMemoryStore({ clock: () => nowMs });
  const redis = createMemoryStore({ clock: () => nowMs });
  const tokens = createTokens(secret);
  const timer = {
    clock: () => nowMs + elapsedMs,
    sleep: async (ms: number, signal?: AbortSignal) => {
      // Only deadlines carry a signal; none of these tests lets one pass.
      if (signal !== undefined) await setTimeout(600_000, undefined, { signal });
      elapsedMs += ms;
    },
  };
  const options: QueryEngineOptions = {
    catalog,
    stores: { aurora, dynamodb, redis },
    tokens,
    timer,
    clock: () => nowMs,
    generation: 3,
    ...settings,
  };
  const engine = createQueryEngine(options);
  const version = (position: number): Version => createVersion(3, BigInt(position));
  const put = (store: typeof redis, placement: Placement, row: Row, position: number) =>
    store.apply(placement, [
      {
        kind: 'upsert',
        entity: placement.entity.name,
        key: keyOf(placement.entity, row),
        row,
        version: version(position),
      },
    ]);
  return {
    options,
    engine,
    aurora,
    dynamodb,
    redis,
    tokens,
    version,
    put,
    /** Puts a flight into its source and, as if capture and apply had run, into its views. */
    seed: async (row: Row, position = 1) => {
      await put(dynamodb, placementOf('flight'), row, position);
      for (const view of ['board', 'leaderboard'])
        await put(redis, placementOf('flight', view), row, position);
    },
    query: (sql: string, more: Partial<QueryRequest> & { caller?: Caller } = {}) =>
      engine.query(request(sql, more), more.caller ?? ua),
    explain: (sql: string, more: Partial<QueryRequest> & { caller?: Caller } = {}) =>
      engine.explain(request(sql, more), more.caller ?? ua),
  };
}

/** What a statement of UA's is planned under, unless said otherwise. */
export const planContext = (more: Partial<PlanContext> = {}): PlanContext => ({
  tenant: 'UA',
  params: [],
  freshness: 'default',
  time: planTime({ nowMs, validUntilMs: nowMs }),
  unreadyIndexes: new Set(),
  maxRows: 1000,
  workload: undefined,
  token: noParts,
  scan: 'refused',
  partial: false,
  ...more,
});

export const request = (sql: string, more: Partial<QueryRequest> = {}): QueryRequest => ({
  sql,
  params: more.params ?? [],
  freshness: more.freshness ?? 'default',
  tokens: more.tokens ?? [],
  timeoutMs: more.timeoutMs ?? 10_000,
  maxRows: more.maxRows ?? 1_000,
  workload: more.workload,
  scan: more.scan ?? 'refused',
  partial: more.partial ?? false,
  ...(more.analyze !== undefined && { analyze: more.analyze }),
  pageSize: more.pageSize,
  cursor: more.cursor,
});

/** The code of the PolystoreError that work ends with, and its message. */
export async function failure(work: Promise<unknown>): Promise<{ code: string; message: string }> {
  try {
    await work;
  } catch (error) {
    if (error instanceof PolystoreError) return { code: error.code, message: error.message };
    throw error;
  }
  throw new Error('it did not fail');
}

/** Time as it passes. */
export const realTimer: Timer = {
  clock: Date.now,
  sleep: (ms, signal) => setTimeout(ms, undefined, { signal }),
};
