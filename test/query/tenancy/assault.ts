import { randomUUID } from 'node:crypto';
import type { Row } from '../../../lambda/change/change.ts';
import { PolystoreError } from '../../../lambda/errors.ts';
import { noParts } from '../../../lambda/query/tokens.ts';
import type { Caller } from '../../../lambda/stores/store.ts';
import { createFakeLog, createFakeMetrics } from '../../sync/fakes.ts';
import { nowMs, planContext, secret } from '../harness.ts';
import type { Attack } from './attacks.ts';
import type { DeployedCode } from './deployed-code.ts';
import { rowsEach, type Tenant } from './tenants.ts';
import { type OpenStores, timer, type World } from './world.ts';

/** Something that a caller, or a reader of our logs, got to see. */
export interface Seen {
  /** `POST /query`, `POST /explain`, or the placement that was asked. */
  readonly from: string;
  /** All of it: body, headers, lines of the log. */
  readonly text: string;
  readonly rows: readonly Row[];
}

/** The front door and every placement behind it, of some code on a world's engines. */
export interface Front {
  /** Sends a statement through the API, also as a transaction, explains it, and asks every placement that qualifies by itself. */
  ask(caller: Caller, attack: Omit<Attack, 'category'>, tokens?: readonly string[]): Promise<readonly Seen[]>;
  /** Any request to the API. */
  request(caller: Caller, path: string, method: string, body: unknown): Promise<Seen>;
  /** What the change log was given, as text. */
  logged(): readonly string[];
  readonly tokens: ReturnType<DeployedCode['query']['createTokens']>;
  close(): Promise<void>;
}

export async function openFront(world: World, code: DeployedCode): Promise<Front> {
  const { stores, close }: OpenStores = await world.open(code);
  const { catalog } = world;
  const clock = () => nowMs;
  const tokens = code.query.createTokens(secret);
  const callers = new Map<string, Caller>();
  const lines: unknown[] = [];
  const note =
    (level: string) =>
    (...line: readonly unknown[]): void => {
      lines.push([level, ...line]);
    };
  const log = { info: note('info'), warn: note('warn'), error: note('error') };
  const authenticate = async (headers: Headers): Promise<Caller> => {
    const caller = callers.get(headers.get('authorization') ?? '');
    if (caller === undefined) throw new PolystoreError('unauthenticated', 'no credential');
    return caller;
  };
  const app = code.query.createQueryApp({
    engine: code.query.createQueryEngine({ catalog, stores, tokens, timer, clock, generation: 0 }),
    authenticate,
    log,
    newRequestId: randomUUID,
  });
  const fakeLog = createFakeLog();
  const ingest = code.ingest.createIngestApp({
    catalog,
    changeLog: fakeLog.changeLog,
    authenticate,
    issueToken: tokens.issueEvents,
    generation: 0,
    clock,
    log,
    metrics: createFakeMetrics(),
    backPressure: code.backPressure.createBackPressure({ clock: () => 0 }),
  });
  const analyse = code.analyse.createAnalyser(catalog);

  const request = async (caller: Caller, path: string, method: string, body: unknown): Promise<Seen> => {
    const credential = `Bearer ${randomUUID()}`;
    callers.set(credential, caller);
    lines.length = 0;
    const response = await (path === '/events' ? ingest : app).request(path, {
      method,
      headers: { authorization: credential },
      ...(method === 'POST' && { body: JSON.stringify(body) }),
    });
    callers.delete(credential);
    const answer = await response.text();
    // The documented forms of an answer, to one statement or to several.
    const { rows = [], results = [] } = JSON.parse(answer) as {
      readonly rows?: readonly Row[];
      readonly results?: readonly { readonly rows: readonly Row[] }[];
    };
    const text = JSON.stringify([response.status, [...response.headers], answer, lines]);
    return { from: `${method} ${path}`, text, rows: [...rows, ...results.flatMap((one) => one.rows)] };
  };

  /** Every placement of a read by itself, not only the one that is cheapest. */
  const askEach = async (
    caller: Caller,
    { sql, params = [] }: Omit<Attack, 'category'>,
  ): Promise<readonly Seen[]> => {
    const statement = await analyse(sql).catch(() => undefined);
    if (statement?.access !== 'read' || statement.parameterCount !== params.length) return [];
    const tenant = caller.kind === 'tenant' ? caller.tenant : undefined;
    const seen: Seen[] = [];
    try {
      const { considered } = code.planRead.planRead(statement, catalog, planContext({ tenant, params }));
      for (const candidate of considered) {
        // One node of Aurora is as good as another here.
        if (
          !candidate.qualifies ||
          (candidate.engine === 'aurora' && candidate.placement !== 'aurora.writer')
        )
          continue;
        const deadline = { timeoutMs: 10_000, remainingMs: () => 10_000 };
        const asked = { params, caller, token: noParts, maxRows: 1_000, deadline };
        seen.push(
          await code.executeRead.executeRead([candidate], asked, stores, timer).then(
            ({ answer }) => ({ from: candidate.placement, text: JSON.stringify(answer), rows: answer.rows }),
            (error: unknown) => ({ from: candidate.placement, text: told(error), rows: [] }),
          ),
        );
      }
    } catch (error) {
      seen.push({ from: 'the planner', text: told(error), rows: [] });
    }
    return seen;
  };

  return {
    tokens,
    logged: () => fakeLog.records.map(({ value }) => Buffer.from(value ?? []).toString()),
    request,
    ask: async (caller, attack, given = []) => {
      const { sql, params = [], limits } = attack;
      const body = {
        sql,
        params,
        ...(limits !== undefined && { limits }),
        ...(given.length > 0 && { token: given }),
      };
      const { sql: _, params: __, ...common } = body;
      const together = { ...common, statements: [{ sql, params }] };
      return [
        await request(caller, '/query', 'POST', body),
        await request(caller, '/explain', 'POST', body),
        await request(caller, '/query', 'POST', together),
        await request(caller, '/explain', 'POST', together),
        ...(limits === undefined ? await askEach(caller, attack) : []),
      ];
    },
    close,
  };
}

const told = (error: unknown): string =>
  error instanceof Error
    ? JSON.stringify([error.message, 'details' in error ? error.details : {}])
    : String(error);

/** What was seen that is another tenant's: its values, or more rows than the caller has. */
export function foreignIn(seen: Seen, caller: Tenant, tenants: readonly Tenant[]): readonly string[] {
  const text = seen.text.toLowerCase();
  const values = tenants
    .filter((tenant) => tenant !== caller)
    .flatMap(({ name, canaries }) =>
      canaries.filter((canary) => holds(text, canary)).map((canary) => `${canary} of ${name}`),
    );
  const counted = seen.rows.some(({ n }) => Number(n ?? 0) > rowsEach);
  return [...new Set([...values, ...(counted ? ['more rows than there are'] : [])])];
}

/** A number is only itself between other signs than digits. */
export const holds = (text: string, canary: string): boolean =>
  /^\d+$/.test(canary) ? new RegExp(`(?<!\\d)${canary}(?!\\d)`).test(text) : text.includes(canary);
