// `npm run bench:plan`: what a plan costs, beside PostgreSQL's own parser alone. See README.md.
import { loadavg } from 'node:os';
import fc from 'fast-check';
import { loadModule, parseSync } from 'libpg-query';
import type { Value } from '../../lambda/change/change.ts';
import { PolystoreError } from '../../lambda/errors.ts';
import { compile, type Workload } from '../../lambda/model/index.ts';
import { createAnalyser } from '../../lambda/query/analyse.ts';
import { limits } from '../../lambda/query/limits.ts';
import { createPlanner, type PlanRequest } from '../../lambda/query/planner.ts';
import { noParts } from '../../lambda/query/tokens.ts';
import model from '../../model/flights.ts';
import { selects } from '../../test/query/statements.ts';

const rounds = 9;
/** Of each statement in each round, so that a turn is longer than the clock's grain. */
const turns = 40;
const generated = 60;
/** Times the parse alone: at most. */
const bars = { cold: 2, warm: 1 / 20 } as const;

interface Asked {
  readonly name: string;
  readonly sql: string;
  readonly request: PlanRequest;
}

const catalog = compile(model);
const unreadyIndexes = new Set<string>();

function requestOf(given: {
  readonly tenant: string | undefined;
  readonly params: readonly Value[];
  readonly nowMs: number;
  readonly strong?: boolean;
  readonly workload?: Workload | undefined;
  readonly scan?: 'allowed' | undefined;
}): PlanRequest {
  const { tenant, params, nowMs, strong = false, workload, scan = 'refused' } = given;
  return {
    ...{ tenant, params, workload, scan, freshness: strong ? 'strong' : 'default', token: noParts },
    ...{ maxRows: limits.maxRows.default, partial: false, unreadyIndexes },
    ...{ nowMs, validUntilMs: nowMs + limits.timeoutMs.default },
  };
}

const patterns: readonly Asked[] = catalog.accessPatterns.map(
  ({ name, sql, params, tenant, asOf, freshness, workload, scan }) => ({
    name,
    sql,
    request: requestOf({
      ...{ tenant, params, nowMs: Date.parse(asOf), strong: freshness === 0, workload },
      ...(scan === 'allowed' && { scan }),
    }),
  }),
);

/** Statements of the property tests that a plan can be made for; a refusal is no plan. */
async function planned(texts: readonly string[]): Promise<readonly Asked[]> {
  const [analyse, plan] = [createAnalyser(catalog), createPlanner(catalog)];
  const found: Asked[] = [];
  for (const sql of new Set(texts)) {
    const request = requestOf({ tenant: 'UA', params: [], nowMs: Date.parse('2013-01-02T12:00:00Z') });
    try {
      plan(await analyse(sql), request);
      found.push({ name: sql, sql, request });
    } catch (error) {
      if (!(error instanceof PolystoreError)) throw error;
    }
  }
  return found;
}

/** What is timed: so many times the same, after what has to be there before it. */
const ways: readonly {
  readonly name: string;
  prepare(asked: Asked): Promise<(times: number) => Promise<void>>;
}[] = [
  {
    name: 'the parse alone',
    prepare:
      async ({ sql }) =>
      async (times) => {
        for (let turn = 0; turn < times; turn += 1) parseSync(sql);
      },
  },
  {
    name: 'cold',
    // Nothing is remembered: of the statement, nor of its plan.
    prepare:
      async ({ sql, request }) =>
      async (times) => {
        for (let turn = 0; turn < times; turn += 1)
          createPlanner(catalog)(await createAnalyser(catalog)(sql), request);
      },
  },
  {
    name: 'warm',
    prepare: async ({ sql, request }) => {
      const [analyse, plan] = [createAnalyser(catalog), createPlanner(catalog)];
      plan(await analyse(sql), request);
      return async (times) => {
        for (let turn = 0; turn < times; turn += 1) plan(await analyse(sql), request);
      };
    },
  },
  {
    name: 'warm, with values not asked before',
    prepare: async ({ sql, request }) => {
      const analyse = createAnalyser(catalog);
      await analyse(sql);
      return async (times) => {
        for (let turn = 0; turn < times; turn += 1) createPlanner(catalog)(await analyse(sql), request);
      };
    },
  },
];

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
const geometricMean = (values: readonly number[]): number =>
  Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);

/** Microseconds of each way for each statement, medians over the rounds; ways take turns statement by statement. */
async function measure(asked: readonly Asked[]): Promise<readonly (readonly number[])[]> {
  const prepared = await Promise.all(asked.map((one) => Promise.all(ways.map((way) => way.prepare(one)))));
  const samples = asked.map(() => ways.map((): number[] => []));
  for (let round = -2; round < rounds; round += 1)
    for (const [index, runs] of prepared.entries())
      for (let step = 0; step < runs.length; step += 1) {
        const at = (step + round + 2) % runs.length;
        const begun = performance.now();
        await runs[at]?.(turns);
        const each = ((performance.now() - begun) * 1000) / turns;
        if (round >= 0) samples[index]?.[at]?.push(each);
      }
  return samples.map((each) => each.map(median));
}

/** Of all statements: a way's time beside the parse's, as a geometric mean. */
function judge(what: string, asked: readonly Asked[], times: readonly (readonly number[])[]): boolean {
  console.log(`\n${what}: ${asked.length} statements, load average ${loadavg()[0]?.toFixed(1)}`);
  console.log(`  parse alone, median: ${median(times.map(([parse = Number.NaN]) => parse)).toFixed(0)} µs`);
  const ratios = ways.map((_, at) => times.map((each) => (each[at] ?? Number.NaN) / (each[0] ?? Number.NaN)));
  const checks = [
    ['cold', 1, bars.cold],
    ['warm', 2, bars.warm],
    ['warm, with values not asked before', 3, undefined],
  ] as const;
  let passed = true;
  for (const [name, at, bar] of checks) {
    const each = ratios[at] ?? [];
    const mean = geometricMean(each);
    const holds = bar === undefined || mean <= bar;
    passed &&= holds;
    const verdict = bar === undefined ? 'told only' : `${holds ? 'passed' : 'FAILED'}, asked for ${bar}`;
    console.log(
      `  ${name}: ${mean.toFixed(3)} times the parse (${Math.min(...each).toFixed(3)} to ${Math.max(...each).toFixed(3)}), ${median(times.map((one) => one[at] ?? Number.NaN)).toFixed(1)} µs: ${verdict}`,
    );
  }
  return passed;
}

await loadModule();
// The same statements in every run.
const texts = fc.sample(selects('UA', 'DL'), { numRuns: generated, seed: 7 });
let passed = true;
for (const [what, asked] of [
  ['access patterns of the sample', patterns],
  ['statements of test/query/statements.ts', await planned(texts)],
] as const) {
  const times = await measure(asked);
  if (what.startsWith('access'))
    for (const [index, { name }] of asked.entries())
      console.log(
        `  ${name.padEnd(24)} ${times[index]?.map((time) => time.toFixed(1).padStart(7)).join(' ')}`,
      );
  passed = judge(what, asked, times) && passed;
}
process.exitCode = passed ? 0 : 1;
