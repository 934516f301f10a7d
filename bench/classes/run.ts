// `npm run bench:classes`: the four classes of the original system, asked in an open loop. See README.md.
import { loadavg } from 'node:os';
import { dirname } from 'node:path';
import { parseRequest, type QueryRequest } from '../../lambda/query/request.ts';
import { mulberry32 } from '../../test/random.ts';
import { openYearEngine, startYear, yearCatalog } from '../year.ts';
import { type Outcome, poissonArrivals, runOpenLoop } from './arrivals.ts';
import { type Asked, classes, type Known, type StatementClass } from './statements.ts';

const carrier = 'UA';
const seed = 2013;
/** Of each template, before anything is timed. */
const warmUps = 30;
const seconds = 120;

const root = dirname(dirname(import.meta.dirname));
const stores = ['aurora', 'keyspaces', 'opensearch', 'redis'] as const;
type Ours = Awaited<ReturnType<typeof openYearEngine>>;

function requestOf({ sql, params }: Asked): QueryRequest {
  const body = { sql, params, limits: { maxRows: 10_000, timeoutMs: 25_000 } };
  const request = parseRequest(JSON.stringify(body));
  if ('statements' in request) throw new TypeError('one statement is no transaction');
  return request;
}

async function readKnown({ engine, caller }: Ours): Promise<Known> {
  const sql =
    "select distinct tail_number from flight where scheduled_at >= '2013-06-01' and scheduled_at < '2013-07-01' and tail_number is not null order by 1";
  const { rows } = await engine.query(requestOf({ sql, params: [] }), caller);
  return { tails: rows.map((row) => String(row.tail_number)) };
}

/** Asks every template some times and says what answers it; one that never finds a row asks for nothing. */
async function warmUp({ engine, caller }: Ours, known: Known): Promise<void> {
  const draw = mulberry32(seed - 1);
  for (const { name, templates } of classes)
    for (const [what, template] of Object.entries(templates)) {
      let found = 0;
      const placements = new Map<string, number>();
      for (let turn = 0; turn < warmUps; turn += 1) {
        const { rowCount, route } = await engine.query(requestOf(template(draw, known)), caller);
        found += rowCount;
        placements.set(route.placement, (placements.get(route.placement) ?? 0) + 1);
      }
      if (found === 0) throw new Error(`${what}: no statement found a row`);
      const said = [...placements].map(([placement, count]) => `${placement} ${count}×`).join(', ');
      console.log(`${name}, ${what}: ${(found / warmUps).toFixed(1)} rows, from ${said}`);
    }
}

interface Measured {
  readonly of: StatementClass;
  readonly outcomes: readonly Outcome[];
}

/** All classes at once, each at its rate. */
async function measure({ engine, caller }: Ours, known: Known): Promise<readonly Measured[]> {
  const tasks = classes
    .flatMap((of, index) => {
      const draw = mulberry32(seed + index);
      const templates = Object.values(of.templates);
      return poissonArrivals(draw, of.perSecond * rate, seconds * 1000).map((dueMs) => {
        const template = templates[Math.floor(draw() * templates.length)];
        if (template === undefined) throw new TypeError(`${of.name} has no template`);
        const request = requestOf(template(draw, known));
        const run = async (): Promise<void> => {
          await engine.query(request, caller);
        };
        return { of, dueMs, run };
      });
    })
    .toSorted((a, b) => a.dueMs - b.dueMs);
  const outcomes = await runOpenLoop(tasks);
  return classes.map((of) => ({ of, outcomes: outcomes.filter((_, index) => tasks[index]?.of === of) }));
}

const percentile = (sorted: readonly number[], share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;

/** What failed took at least as long as it did: it stays among the latencies. */
function say({ of, outcomes }: Measured): void {
  const sorted = outcomes.map(({ ms }) => ms).toSorted((a, b) => a - b);
  const failures = outcomes.filter(({ error }) => error !== undefined);
  const ours = [0.5, 0.95, 0.99].map((share) => percentile(sorted, share).toFixed(0));
  console.log(
    `${of.name.padEnd(12)} ${String(outcomes.length).padStart(6)} statements at ${of.perSecond * rate} a second, ${failures.length} failed   p50/p95/p99 ${ours.join(' / ')} ms   original ${of.original.join(' / ')} ms at ${of.originalPerSecond.toLocaleString('en-US')} a second`,
  );
}

/** Times the rates of `statements.ts`. */
const rate = Number(process.argv[2] ?? 1);
if (!(rate > 0 && rate <= 100)) {
  console.error(
    `bench:classes got ${process.argv[2]}; it takes how many times the usual rates to ask at, up to 100.`,
  );
  process.exit(1);
}
// Without this an interrupted run would leave its engines running.
const interrupted = new AbortController();
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.on(name, () => interrupted.abort(new Error(`Stopped by ${name}.`)));
const { signal } = interrupted;
const engines = await startYear({ root, carrier, signal });
try {
  const ours = await openYearEngine(yearCatalog(stores), engines.endpoints, carrier);
  try {
    const known = await readKnown(ours);
    await warmUp(ours, known);
    const before = loadavg()[0] ?? 0;
    const measured = await measure(ours, known);
    console.log(
      `\n${seconds} s, load average ${before.toFixed(1)} before and ${loadavg()[0]?.toFixed(1)} after`,
    );
    measured.forEach(say);
    const failed = measured.flatMap(({ outcomes }) => outcomes).find(({ error }) => error !== undefined);
    if (failed !== undefined) throw failed.error;
  } finally {
    await ours.close();
  }
} catch (error) {
  console.error(error instanceof Error ? error.stack : error);
  process.exitCode = 1;
} finally {
  await engines.stop();
}
