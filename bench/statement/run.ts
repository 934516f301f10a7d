// `npm run bench:statement`: what a statement costs through the router, beside drivers and poolers. See README.md.
import { mkdirSync, rmSync } from 'node:fs';
import { loadavg } from 'node:os';
import { dirname, join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { type Catalog, compile, entityOf } from '../../lambda/model/index.ts';
import { applySchema, createAuroraStore } from '../../lambda/stores/aurora/index.ts';
import { freePorts, startEngines } from '../../local/engines/index.ts';
import { withPostgres } from '../../local/engines/postgres-client.ts';
import { setUp } from '../../local/setup/index.ts';
import model from '../../model/flights.ts';
import { creations } from '../apply/flight-changes.ts';
import { startPgbouncer } from './pgbouncer.ts';
import { type Asked, type Endpoint, pgWay, routerWay, type Way, wrapperWay } from './ways.ts';

const rounds = 11;
const turns = 200;
const warmUp = 600;
/** Microseconds that the router may add to raw pg at the median. */
const overRaw = 40;
/** Of what the wrapper adds to raw pg. */
const ofWrapper = 0.5;
const root = dirname(dirname(import.meta.dirname));

/** Airports have codes of two letters here, and so many flights of the tenant go to each. */
const airports = 100;
const flightsEach = 6;
const codeOf = (turn: number): string => `A${turn % airports}`;

const statements: readonly Asked[] = [
  {
    name: 'a row by its key',
    sql: 'select * from airport where airport_code = $1',
    paramsOf: (turn) => [codeOf(turn)],
  },
  {
    name: `a join of ${flightsEach} rows of the tenant`,
    sql: 'select f.flight_number, f.scheduled_at, a.name from flight f join airport a on a.airport_code = f.destination where f.destination = $1 and f.scheduled_at >= $2 and f.scheduled_at < $3',
    paramsOf: (turn) => [codeOf(turn), '2013-01-01T00:00:00Z', '2013-01-02T00:00:00Z'],
  },
];

async function load(catalog: Catalog, endpoint: Endpoint): Promise<void> {
  const clock = Date.now;
  await applySchema({ connection: { ...endpoint, tls: 'disable' }, ...{ catalog, allow: [], clock } });
  const { host, port, ...credentials } = endpoint;
  const store = createAuroraStore({
    ...{ writer: { host, port }, ...credentials, tls: 'disable' },
    ...{ clock, poolSize: 4 },
  });
  const entity = entityOf(catalog, 'flight');
  const analytics = entity.views.find(({ name }) => name === 'analytics');
  if (analytics === undefined) throw new TypeError('the sample has no flight.analytics');
  for (const carrier of ['UA', 'DL']) {
    const changes = creations(catalog, carrier, airports * flightsEach).map((change, turn) =>
      change.kind === 'upsert' ? { ...change, row: { ...change.row, destination: codeOf(turn) } } : change,
    );
    await store.apply({ entity, target: analytics }, changes);
  }
  await store.close();
  await withPostgres(port, endpoint.database, async (client) => {
    await client.query(
      `insert into source.airport (airport_code, name, lat, lon, alt, tz, dst, tzone)
       select 'A' || i, 'Airport ' || i, i, -i, 100 * i, -5, 'A', 'America/New_York' from generate_series(0, $1 - 1) as i`,
      [airports],
    );
    // As autovacuum would have done before long.
    await client.query('vacuum analyze');
  });
}

/** What the driver makes dates of, as the router gives them. */
const plain = (rows: readonly unknown[]): readonly string[] =>
  rows.map((row) =>
    // A row is an object of columns.
    JSON.stringify(
      Object.fromEntries(
        Object.entries(row as object).map(([name, value]) => [
          name,
          value instanceof Date ? value.toISOString().replace('Z', '000Z') : value,
        ]),
      ),
    ),
  );

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
const spread = (values: readonly number[]): string =>
  `${median(values).toFixed(0)} (${Math.min(...values).toFixed(0)} to ${Math.max(...values).toFixed(0)})`;

/** Median latencies of each way in each round, in microseconds; the ways take turns statement by statement. */
async function measure(asked: Asked, ways: readonly Way[]): Promise<readonly (readonly number[])[]> {
  const asks = await Promise.all(ways.map((way) => way.prepare(asked)));
  for (let turn = 0; turn < airports; turn += 1) {
    const answers = await Promise.all(asks.map(async (ask) => plain(await ask(turn)).toSorted()));
    if (answers.some((answer) => answer.length === 0 || !isDeepStrictEqual(answer, answers[0])))
      throw new Error(`the ways do not answer the same: ${JSON.stringify(answers)}`);
  }
  const medians = ways.map((): number[] => []);
  for (let round = -1; round < rounds; round += 1) {
    const latencies = ways.map((): number[] => []);
    const count = round < 0 ? warmUp : turns;
    for (let turn = 0; turn < count; turn += 1)
      for (let step = 0; step < ways.length; step += 1) {
        // Each way comes after each other one as often.
        const at = (step + turn) % ways.length;
        const begun = performance.now();
        await asks[at]?.(turn);
        latencies[at]?.push((performance.now() - begun) * 1000);
      }
    if (round >= 0) for (const [at, values] of latencies.entries()) medians[at]?.push(median(values));
  }
  return medians;
}

/** Prints what each way takes and adds to the first, raw pg; whether the router is within its bars. */
function judge(ways: readonly Way[], medians: readonly (readonly number[])[]): boolean {
  const [raw = []] = medians;
  const added = medians.map((each) => each.map((value, round) => value - (raw[round] ?? Number.NaN)));
  for (const [at, { name }] of ways.entries())
    console.log(
      `  ${name.padEnd(30)} p50 ${spread(medians[at] ?? []).padEnd(22)} µs${at === 0 ? '' : `, ${spread(added[at] ?? [])} more than raw pg`}`,
    );
  const [, router = [], wrapper = []] = added;
  const most = ofWrapper * median(wrapper);
  const holds = median(router) <= overRaw && median(router) <= most;
  console.log(
    `  the router adds ${median(router).toFixed(0)} µs: ${holds ? 'passed' : 'FAILED'}, asked for at most ${overRaw} and ${most.toFixed(0)} (half of the wrapper's)`,
  );
  return holds;
}

// Without this an interrupted run would leave its engine running.
const interrupted = new AbortController();
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.on(name, () => interrupted.abort(new Error(`Stopped by ${name}.`)));
const { signal } = interrupted;
const downloads = await setUp({ root, signal });
const stateDir = join(root, '.polystore', 'bench', `statement-${process.pid}`);
mkdirSync(stateDir, { recursive: true });
const ports = await freePorts();
const database = await startEngines({
  ...{ downloads, ports, signal, stateDir: join(stateDir, 'database') },
  engines: ['postgres-writer'],
  durable: true,
});
const ways: Way[] = [];
let bouncer: Awaited<ReturnType<typeof startPgbouncer>> | undefined;
try {
  const { host, port, database: name, user } = database.endpoints.postgresWriter;
  const endpoint = { host, port, database: name, user };
  const catalog = compile(model);
  await load(catalog, endpoint);
  ways.push(await pgWay('raw pg', catalog, endpoint), routerWay(catalog, endpoint));
  ways.push(await wrapperWay(catalog, endpoint));
  try {
    bouncer = await startPgbouncer(root, {
      folder: join(stateDir, 'pgbouncer'),
      listenPort: ports.postgresDashboard,
      target: endpoint,
    });
    ways.push(await pgWay('raw pg through PgBouncer', catalog, bouncer));
  } catch (error) {
    console.log(`without PgBouncer: ${error instanceof Error ? error.message : String(error)}`);
  }
  let passed = true;
  for (const asked of statements) {
    console.log(`\n${asked.name}, load average ${loadavg()[0]?.toFixed(1)}`);
    passed = judge(ways, await measure(asked, ways)) && passed;
  }
  process.exitCode = passed ? 0 : 1;
} catch (error) {
  console.error(error instanceof Error ? error.stack : error);
  process.exitCode = 1;
} finally {
  for (const way of ways) await way.close();
  await bouncer?.stop();
  await database.stop();
  rmSync(stateDir, { recursive: true, force: true });
}
// What the wrapper's plugins watch by would keep the process for minutes.
process.exit();
