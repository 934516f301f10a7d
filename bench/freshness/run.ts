// `npm run bench:freshness`: how soon a write can be read in the views. See README.md.
import { loadavg } from 'node:os';
import pg from 'pg';
import type { Row } from '../../lambda/change/change.ts';
import { type Catalog, compile, entityOf } from '../../lambda/model/index.ts';
import { createKeyspacesStore } from '../../lambda/stores/keyspaces/index.ts';
import { createOpensearchStore } from '../../lambda/stores/opensearch/index.ts';
import { createRedisStore } from '../../lambda/stores/redis/index.ts';
import type { Placement, Store } from '../../lambda/stores/store.ts';
import type { EngineSet } from '../../local/engines/index.ts';
import model from '../../model/flights.ts';
import { startTestDeployment, type TestDeployment } from '../../test/end-to-end/local-deployment.ts';
import { runLoad } from './load.ts';
import { type Pipeline, pipelines, setUpPipeline } from './pipelines.ts';
import { watch } from './watch.ts';

const rounds = 3;
const commits = { perSecond: 500, seconds: 6, rows: 2_000 } as const;
const events = { perSecond: 50, seconds: 6 } as const;
/** DESIGN: the median of ours against the same pipeline with its defaults. */
const atLeast = 5;
/** The noon of the events that are posted; the functions' clock stands there. */
const noon = Date.parse('2013-01-01T12:00:00Z');

type Samples = Map<string, Map<string, number[]>>;

const catalog = compile(model);
const placement = (entityName: string, view: string): Placement => {
  const entity = entityOf(catalog, entityName);
  const target = entity.views.find(({ name }) => name === view);
  if (target === undefined) throw new TypeError(`the sample has no ${entityName}.${view}`);
  return { entity, target };
};

interface Stores {
  readonly redis: Store;
  readonly keyspaces: Store;
  readonly opensearch: Store;
}

function openStores(model: Catalog, engines: EngineSet): Stores {
  const clock = (): number => noon;
  const { valkey, cassandra, opensearch } = engines;
  return {
    redis: createRedisStore({ ...valkey, tls: false, clock }),
    keyspaces: createKeyspacesStore({
      ...{ host: cassandra.host, port: cassandra.port, auth: 'none', region: undefined },
      ...{ keyspace: model.name.replaceAll('-', '_'), catalog: model, clock },
    }),
    opensearch: createOpensearchStore({
      ...{ endpoint: opensearch.url, auth: 'none', region: 'eu-west-1', model: model.name, clock },
    }),
  };
}

/** Rows of aircraft that the bench writes to, one transaction each. */
const tailOf = (number: number): string => `B${number}`;

async function insertAircraft(pool: pg.Pool): Promise<void> {
  await pool.query(
    `insert into source.aircraft (tail_number, type, manufacturer, model, engines, seats, engine)
     select 'B' || n, 'Fixed wing multi engine', 'BENCH', 'B-1', 2, 0, 'Turbo-fan' from generate_series(0, $1) n
     on conflict do nothing`,
    [commits.rows - 1],
  );
}

async function measureCommits(pool: pg.Pool, { redis }: Stores, seats: number): Promise<readonly number[]> {
  const watcher = watch({
    ...{ store: redis, placement: placement('aircraft', 'card'), timeoutMs: 60_000 },
    identify: (row: Row) => `${row.tail_number}|${row.seats}`,
  });
  const { perSecond } = await runLoad({
    ...commits,
    atOnce: 32,
    write: async (number) => {
      const row = {
        tail_number: tailOf(number % commits.rows),
        seats: seats + Math.floor(number / commits.rows),
      };
      await pool.query('update source.aircraft set seats = $1 where tail_number = $2', [
        row.seats,
        row.tail_number,
      ]);
      watcher.expect(row, performance.now());
    },
  });
  console.log(`  ${Math.round(perSecond)} commits/s, load average ${loadavg()[0]?.toFixed(1)}`);
  return watcher.done();
}

async function measureEvents(
  { post }: TestDeployment,
  stores: Stores,
  run: string,
): Promise<ReadonlyMap<string, readonly number[]>> {
  const views = [
    ['event → Redis', stores.redis, 'recent'],
    ['event → Keyspaces', stores.keyspaces, 'eventsByTime'],
    ['event → OpenSearch', stores.opensearch, 'log'],
  ] as const;
  const watchers = views.map(([name, store, view]) => ({
    name,
    watcher: watch({
      ...{ store, placement: placement('flight_event', view), timeoutMs: 60_000 },
      identify: (row: Row) => String(row.event_id),
    }),
  }));
  const { perSecond } = await runLoad({
    ...events,
    atOnce: 32,
    write: async (number) => {
      const row = {
        ...{ carrier: 'BB', flight_number: number % 400, event_id: `${run}-${number}`, kind: 'scheduled' },
        // Canonical, as the views hold it.
        at: new Date(noon + number * 1000).toISOString().replace('Z', '000Z'),
        scheduled_at: '2013-01-01T13:00:00.000000Z',
        ...{ tail_number: tailOf(number), origin: 'JFK', destination: 'LAX' },
      };
      await post('/events', { entity: 'flight_event', events: [row] });
      for (const { watcher } of watchers) watcher.expect(row, performance.now());
    },
  });
  console.log(`  ${Math.round(perSecond)} events/s, load average ${loadavg()[0]?.toFixed(1)}`);
  return new Map(
    await Promise.all(watchers.map(async ({ name, watcher }) => [name, await watcher.done()] as const)),
  );
}

async function measure(running: TestDeployment, samples: Samples): Promise<void> {
  const { deployment } = running;
  const stores = openStores(catalog, deployment.engines.endpoints);
  const { host, port, user, database } = deployment.engines.endpoints.postgresWriter;
  const pool = new pg.Pool({ host, port, user, database, max: 32 });
  // What fails here is told, not that PostgreSQL then ends its connections.
  pool.on('error', () => {});
  await insertAircraft(pool);
  await deployment.triggers.stop();
  let seats = 1;
  for (let round = 0; round <= rounds; round += 1) {
    for (let turn = 0; turn < pipelines.length; turn += 1) {
      const pipeline = pipelines[(turn + round) % pipelines.length] as Pipeline;
      console.log(`${round === 0 ? 'not counted' : `round ${round}`}: ${pipeline.name}`);
      const stateDir = `${deployment.archiveFolder}-bench`;
      const triggers = await setUpPipeline(deployment, { catalog, pipeline, stateDir });
      const found = new Map([
        ['commit → Redis', await measureCommits(pool, stores, seats)],
        ...(await measureEvents(running, stores, `${pipeline.name}-${round}`)),
      ]);
      seats += 100;
      await triggers.stop();
      if (round > 0)
        for (const [what, latencies] of found) {
          const kept = samples.get(what) ?? new Map<string, number[]>();
          samples.set(what, kept.set(pipeline.name, [...(kept.get(pipeline.name) ?? []), ...latencies]));
        }
    }
  }
  await pool.end();
  await Promise.all(Object.values(stores).map((store: Store) => store.close()));
}

const percentile = (values: readonly number[], share: number): number =>
  values.toSorted((a, b) => a - b)[Math.floor((values.length - 1) * share)] ?? Number.NaN;

/** Prints every figure; the median of commits decides. */
function judge(samples: Samples): boolean {
  let passed = true;
  for (const [what, byPipeline] of samples) {
    const medians = pipelines.map(({ name }) => percentile(byPipeline.get(name) ?? [], 0.5));
    const [rival = Number.NaN, ours = Number.NaN] = medians;
    console.log(`\n${what}`);
    for (const { name } of pipelines) {
      const values = byPipeline.get(name) ?? [];
      const at = (share: number): string => percentile(values, share).toFixed(0).padStart(6);
      console.log(
        `  ${name.padEnd(9)} p50 ${at(0.5)}  p90 ${at(0.9)}  p99 ${at(0.99)}  most ${at(1)} ms, of ${values.length}`,
      );
    }
    const isAsked = what === 'commit → Redis';
    const holds = !isAsked || rival / ours >= atLeast;
    console.log(
      `  p50 ${(rival / ours).toFixed(1)} times lower${isAsked ? `: ${holds ? 'passed' : 'FAILED'}, asked for ${atLeast} times` : ''}`,
    );
    passed &&= holds;
  }
  return passed;
}

const running = await startTestDeployment(noon);
try {
  const samples: Samples = new Map();
  await measure(running, samples);
  process.exitCode = judge(samples) ? 0 : 1;
} finally {
  await running.end();
}
