import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import type { Value } from '../../lambda/change/change.ts';
import { PolystoreError } from '../../lambda/errors.ts';
import { compile, workloads } from '../../lambda/model/index.ts';
import { createAnalyser } from '../../lambda/query/analyse.ts';
import { createQueryEngine, createTokens } from '../../lambda/query/index.ts';
import { parseStatement } from '../../lambda/query/parse.ts';
import { findNodes, stringsOf, unwrap } from '../../lambda/query/tree-node.ts';
import type { Caller } from '../../lambda/stores/store.ts';
import model from '../../model/flights.ts';
import { sharedEngines } from '../engines.ts';
import { createDatabase, type TestDatabase } from '../stores/aurora-database.ts';
import { type Effects, effectsOf } from './corpus/effects.ts';
import { regressionStatements } from './corpus/regression-statements.ts';
import { renameToModel } from './corpus/rename-to-model.ts';
import { sqlsmithStatements } from './corpus/sqlsmith.ts';
import { nowMs, operator, request, secret, ua } from './harness.ts';
import { createMemoryStores } from './memory-stores.ts';

jest.setTimeout(600_000);

const catalog = compile(model);
const analyse = createAnalyser(catalog);

let database: TestDatabase;
let volatile: ReadonlySet<string>;
beforeAll(async () => {
  // The deparser complains of what it cannot write before it says so.
  jest.spyOn(console, 'warn').mockImplementation(() => {});
  database = await createDatabase(catalog, () => nowMs);
  const functions = await database.query("select distinct proname from pg_proc where provolatile = 'v'");
  volatile = new Set(functions.map(({ proname }) => String(proname)));
  await database.query(
    "insert into source.aircraft (tail_number, type, manufacturer, model, engines, seats, engine) values ('N1', 't', 'm', 'x', 2, 100, 'e')",
  );
  await database.query(
    "insert into source.airport (airport_code, name, lat, lon, alt) values ('EWR', 'Newark', 40.7, -74.2, 18), ('IAH', 'Houston', 30, -95, 97)",
  );
});
afterAll(() => database?.drop());

/** Statements that stand alone, and under the model's names: once names only, once all words. */
async function withRenamed(statements: readonly string[]): Promise<readonly string[]> {
  const all = new Set(statements);
  for (const statement of statements) {
    const tree = await parseStatement(statement).catch(() => undefined);
    if (tree === undefined || !/^(Select|Insert|Update|Delete|Merge)Stmt$/.test(unwrap(tree)[0])) continue;
    for (const renaming of [
      { catalog, kind: 'integer', words: 'kept' },
      { catalog, kind: 'text', words: 'allowed' },
    ] as const) {
      const renamed = renameToModel(tree, renaming);
      if (renamed !== undefined) all.add(renamed);
    }
  }
  return [...all];
}

/** Whether anything in a tree may write, locks or calls what is volatile, judged without our lists. */
async function writesByItsTree(sql: string): Promise<boolean> {
  const tree = await parseStatement(sql).catch(() => undefined);
  if (tree === undefined) return false;
  const calls = findNodes(tree, 'FuncCall').map(({ funcname }) => stringsOf(funcname).at(-1) ?? '');
  return (
    unwrap(tree)[0] !== 'SelectStmt' ||
    ['InsertStmt', 'UpdateStmt', 'DeleteStmt', 'MergeStmt', 'LockingClause', 'intoClause'].some(
      (type) => findNodes(tree, type).length > 0,
    ) ||
    calls.some((name) => volatile.has(name))
  );
}

interface Outcome {
  readonly kind: 'read' | 'write' | 'refused' | 'crashed';
  readonly problem?: string;
}

/** Drives the query engine with stores that note what they are asked, and says where the statement went. */
function createDriver() {
  const stores = createMemoryStores();
  const touched: string[] = [];
  const note =
    <A extends readonly unknown[], R>(what: string, work: (...given: A) => R) =>
    (...given: A): R => {
      touched.push(what);
      return work(...given);
    };
  const { dynamodb } = stores;
  const engine = createQueryEngine({
    catalog,
    stores: {
      ...stores,
      combiner: { run: async () => [], health: async () => {}, close: async () => {} },
      aurora: {
        ...stores.aurora,
        run: (asked) => note(`${asked.access} ${asked.node}`, stores.aurora.run)(asked),
        transact: (asked) => note(`${asked.access} writer`, stores.aurora.transact)(asked),
      },
      dynamodb: {
        ...dynamodb,
        read: note('read dynamodb', dynamodb.read),
        writer: { transact: note('write dynamodb', dynamodb.writer.transact) },
      },
    },
    tokens: createTokens(secret),
    timer: { clock: () => nowMs, sleep: () => new Promise(() => {}) },
    clock: () => nowMs,
    generation: 0,
  });
  let asked = 0;
  const drive = async (sql: string, caller: Caller, way: 'alone' | 'in a transaction'): Promise<Outcome> => {
    touched.length = 0;
    asked += 1;
    // Nothing that a request may ask for sends a write elsewhere.
    const wishes = {
      workload: [undefined, ...workloads][asked % 4],
      freshness: asked % 5 === 0 ? 'strong' : 'default',
    } as const;
    try {
      const { access, parameterCount } = await analyse(sql);
      const params: readonly Value[] = Array.from({ length: parameterCount }, () => null);
      const one = request(sql, { params, ...wishes });
      if (way === 'alone') await engine.query(one, caller);
      else
        await engine.transact(
          { ...one, statements: [{ sql, params, rowCount: undefined }], isolation: 'read committed' },
          caller,
        );
      const astray = touched.filter((what) =>
        access === 'write' ? !['write writer', 'write dynamodb'].includes(what) : what.startsWith('write'),
      );
      return { kind: access, ...(astray.length > 0 && { problem: `it was ${astray} ${way}` }) };
    } catch (error) {
      if (!(error instanceof PolystoreError) || error.status === 500)
        return { kind: 'crashed', problem: `${way} ${error}` };
      return { kind: 'refused' };
    }
  };
  return drive;
}

interface Judged {
  readonly counts: Readonly<Record<Outcome['kind'], number>>;
  /** Crashes, and statements that went where they must not. */
  readonly problems: readonly string[];
  /** What SQL stores would be sent of what was taken for a read. */
  readonly reads: readonly string[];
}

async function judge(statements: readonly string[]): Promise<Judged> {
  const drive = createDriver();
  const counts = { read: 0, write: 0, refused: 0, crashed: 0 };
  const problems: string[] = [];
  const reads = new Set<string>();
  for (const sql of statements) {
    const statement = await analyse(sql).catch((error: unknown) => {
      if (!(error instanceof PolystoreError) || error.status === 500) problems.push(`${sql}\n  ${error}`);
      return undefined;
    });
    if (statement === undefined) {
      counts.refused += 1;
      continue;
    }
    const writes = await writesByItsTree(sql);
    for (const [caller, way] of [
      [ua, 'alone'],
      [operator, 'alone'],
      [operator, 'in a transaction'],
    ] as const) {
      const { kind, problem } = await drive(sql, caller, way);
      counts[kind] += 1;
      if (problem !== undefined) problems.push(`${sql}\n  ${problem}`);
      if (kind === 'read' && writes) problems.push(`${sql}\n  writes and was taken for a read`);
    }
    if (statement.access === 'read' && !statement.searches) {
      const text = await statement.render().catch(() => undefined);
      if (text !== undefined && statement.parameterCount === 0) reads.add(text);
    }
  }
  return { counts, problems, reads: [...reads] };
}

/** Runs what was taken for reads where nothing forbids it to write, and on a standby. */
async function effects(reads: readonly string[]): Promise<readonly Effects[]> {
  const { dashboard } = sharedEngines().postgresReplicas;
  const enter = "select polystore.enter_operator(5000), set_config('role', 'none', true)";
  const writer = await database.connect();
  const standby = await database.connect(dashboard);
  try {
    return await Promise.all([writer, standby].map((client) => effectsOf(client, reads, enter)));
  } finally {
    await writer.end();
    await standby.end();
  }
}

describe.each([
  ['PostgreSQL’s regression tests', regressionStatements, { read: 12_000, write: 5_000, ran: 5_000 }],
  [
    'sqlsmith',
    () => sqlsmithStatements(database, { seed: 7, count: 1_000 }),
    { read: 700, write: 30, ran: 200 },
  ],
] as const)('of the statements of %s', (_, corpus, least) => {
  let judged: Judged;
  beforeAll(async () => {
    judged = await judge(await withRenamed(await corpus()));
  });

  test('none crashes, none that writes is taken for a read, and none goes astray', () => {
    expect(judged.problems).toEqual([]);
    expect(judged.counts.read).toBeGreaterThan(least.read);
    expect(judged.counts.write).toBeGreaterThan(least.write);
  });

  test('what is taken for a read changes nothing where it may write, and runs on a standby', async () => {
    for (const { ran, writing } of await effects(judged.reads)) {
      expect(writing).toEqual([]);
      expect(ran).toBeGreaterThan(least.ran);
    }
  });
});

test('the look at effects finds what writes, locks, sets and takes a lock of its own', async () => {
  const client = await database.connect();
  try {
    const statements = [
      'select 1',
      "insert into source.carrier (carrier, name) values ('XX', 'x')",
      'select * from source.aircraft for share',
      'select pg_advisory_lock(1)',
      "select set_config('work_mem', '1MB', true)",
      'select 1 / 0',
    ];
    expect((await effectsOf(client, statements, 'select 1')).writing).toEqual(statements.slice(1, 5));
  } finally {
    await client.end();
  }
});
