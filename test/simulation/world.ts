import type { Key } from '../../lambda/change/change.ts';
import type { LoggedRecord } from '../../lambda/change/envelope.ts';
import type { Catalog, CatalogEntity } from '../../lambda/model/index.ts';
import type { Clock, Placement } from '../../lambda/stores/store.ts';
import type { ViewStore } from '../../lambda/stores/view-store.ts';
import type { SyncStores } from '../../lambda/sync/sync-stores.ts';
import type { VerifyWork } from '../../lambda/sync/work.ts';
import { createRowMaker, postEvents, writeItems, writePostgres } from './applications.ts';
import type { DeployedCode } from './deployed-code.ts';
import { createEventTruth } from './event-truth.ts';
import { createFaultyStore, type FaultyStore, nameOf } from './faulty-view-store.ts';
import { deletesIn, judgeTaken } from './judge-batch.ts';
import { createMaintenance } from './maintenance.ts';
import { differences, hiddenSince } from './oracle.ts';
import { createRandom } from './random.ts';
import { createScheduler, type Process, type Running } from './scheduler.ts';
import type { Settings } from './settings.ts';
import { createSimulatedDebezium } from './simulated-debezium.ts';
import { createSimulatedDynamodb } from './simulated-dynamodb.ts';
import { createSimulatedLetters } from './simulated-letters.ts';
import { createSimulatedLog } from './simulated-log.ts';
import { compileModel, idOf, type SimulatedRow } from './simulated-model.ts';
import { createSimulatedPostgres } from './simulated-postgres.ts';
import { openSources } from './simulated-sources.ts';
import { openTombstones } from './simulated-tombstones.ts';
import { spoil } from './spoil.ts';
import { createLogTrigger, createStreamTrigger } from './triggers.ts';
import { createViewWatch, everything } from './view-watch.ts';

/** How a run came out. */
export interface Outcome {
  readonly problems: readonly string[];
  readonly steps: number;
  readonly trace: readonly string[];
}

const startMs = Date.parse('2026-03-01T12:00:00Z');
const mostSteps = 200_000;
const silent = { info: () => {}, warn: () => {}, error: () => {} };

/** Real stores in place of memory. They are not looked through after every step. */
export interface SimulatedEngines {
  /** A name of its own, so that runs do not meet. */
  readonly modelName: string;
  readonly open: (catalog: Catalog, clock: Clock) => Promise<Readonly<Record<'redis' | 'aurora', ViewStore>>>;
}

/** One run: a whole deployment in one process, in one order of events. */
export async function simulate(
  code: DeployedCode,
  settings: Settings,
  engines?: SimulatedEngines,
): Promise<Outcome> {
  const { seed } = settings;
  const chance = (name: string) => createRandom(seed, name);
  const random = chance('world');
  const scheduler = createScheduler({ random: chance('schedule'), faults: settings.faults, startMs });
  const problems: string[] = [];
  const report = (problem: string): void => {
    if (!problems.includes(problem)) problems.push(problem);
    scheduler.note(`PROBLEM ${problem}`);
  };
  const catalog = compileModel(code, engines?.modelName);
  const real = await engines?.open(catalog, scheduler.now);
  const entity = (name: string): CatalogEntity => code.model.entityOf(catalog, name);
  const topics = catalog.entities.map(({ topic }) => topic);
  const log = createSimulatedLog(
    scheduler,
    code,
    topics.map((topic) => ({ topic, partitions: random.integer(1, 2) })),
  );
  const eventTruth = createEventTruth(log, entity('event').topic, startMs);
  const postgres = createSimulatedPostgres(settings.firstLsn);
  const debezium = createSimulatedDebezium({
    scheduler,
    random: chance('debezium'),
    postgres,
    log,
    topic: entity('shipment').topic,
    generation: settings.generation,
  });
  const dynamodb = createSimulatedDynamodb(scheduler, random.integer(1, 2), report);
  const letters = createSimulatedLetters(scheduler);
  const lettersOf = (store: string, running: Running) =>
    code.deadLetters.createDeadLetters({
      client: letters.open(running),
      table: 'letters',
      store,
      clock: scheduler.now,
    });

  async function judge(
    name: 'redis' | 'aurora',
    placements: readonly Placement[],
    told: { readonly records: readonly LoggedRecord[]; readonly claim: string },
  ): Promise<void> {
    const store = stores.get(name)?.inner;
    const open = letters.letters().filter((letter) => letter.store === name);
    const truth = (entityName: string) =>
      entityName === 'event' ? eventTruth() : new Set(truthOf(entityName).map(idOf));
    if (store !== undefined)
      await judgeTaken({
        store,
        placements,
        ...told,
        letters: open,
        truth,
        nowMs: scheduler.now(),
        report,
      });
  }

  const stores = new Map<'redis' | 'aurora', FaultyStore>();
  for (const name of ['redis', 'aurora'] as const) {
    const inner = real?.[name] ?? code.memory.createMemoryStore({ clock: scheduler.now });
    const watch = createViewWatch({
      store: inner,
      now: scheduler.now,
      looks: real === undefined,
      claimed: async (spans) => {
        for (const { placement, topic, partition, from, to } of spans) {
          const builds = await inner.builds(placement);
          // Nobody asks of a build that is not read yet; what it claims then is judged when it is.
          if (builds.find(({ number }) => number === placement.build)?.state === 'building') continue;
          await judge(name, [placement], {
            records: log.read(topic, partition, from, Number(to - from)),
            claim: `progress of ${topic}/${partition} is ${to}`,
          });
        }
      },
      deletesOf: ({ entity: { topic } }) => deletesIn(log.everything(topic)),
      hiddenSince: ({ target }, row) => ('name' in target ? hiddenSince(target.name, row) : undefined),
      report,
    });
    stores.set(name, createFaultyStore({ name, inner, watch, code, scheduler, random: chance(name) }));
  }

  const generations = {
    aurora: settings.generation,
    dynamodb: settings.generation,
    kafka: settings.generation,
  };
  // Where functions read it.
  const configure = (): void => {
    process.env.POLYSTORE_GENERATION = String(Math.max(generations.aurora, generations.dynamodb));
  };
  configure();
  const clockOf = (process: Process) => () => scheduler.now() + process.skewMs;
  const capture = createStreamTrigger({
    scheduler,
    random: chance('stream trigger'),
    shards: () => dynamodb.shards,
    report,
    start: (running) =>
      code.capture.createCapture({
        catalog,
        changeLog: log.open(running),
        tombstones: openTombstones(running, { code, dynamodb, clock: scheduler.now }),
        deadLetters: lettersOf('capture', running),
        generation: generations.dynamodb,
        clock: scheduler.now,
        log: silent,
        metrics: { add: () => {} },
      }),
  });
  const consumers = [...stores].map(([name, store]) =>
    createLogTrigger({
      scheduler,
      random: chance(`trigger of ${name}`),
      log,
      name,
      topics,
      taken: (records, by) =>
        judge(name, code.apply.placementsIn(catalog, name), { records, claim: `${by} did not fail` }),
      start: (running) =>
        code.apply.createApply({
          catalog,
          store: store.open(running),
          placements: code.apply.placementsIn(catalog, name),
          deadLetters: lettersOf(name, running),
          clock: scheduler.now,
          log: silent,
          metrics: { add: () => {} },
        }),
    }),
  );

  const poison: { readonly topic: string; readonly partition: number; readonly offset: bigint }[] = [];
  const openStores = (running: Running): SyncStores => ({
    sources: openSources(running, {
      scheduler,
      code,
      postgres,
      dynamodb,
      log,
      generationOf: (store) => generations[store],
    }),
    views: Object.fromEntries([...stores].map(([name, store]) => [name, store.open(running)])),
  });
  const maintenance = createMaintenance({
    scheduler,
    random: chance('project'),
    code,
    catalog,
    openStores,
    letters,
    log,
    postgres,
    debezium,
    report,
  });

  const acknowledged = new Map<string, SimulatedRow>();
  let writing = 0;
  const write = (name: string, work: (process: Process) => Promise<void>, skewMs = 0): void => {
    writing += 1;
    const { ended } = scheduler.spawn({ name, mayCrash: false, skewMs }, work);
    void ended.then((outcome) => {
      writing -= 1;
      if (outcome.kind === 'threw') report(`${name} failed: ${outcome.error}`);
    });
  };
  /** How many applications write the sources at this moment. */
  let applications = 0;
  const writeSource: typeof write = (name, work, skewMs) => {
    applications += 1;
    write(
      name,
      async (process) => {
        try {
          await work(process);
        } finally {
          applications -= 1;
        }
      },
      skewMs,
    );
  };
  /** Sources go back to what they were; captures and functions are configured anew, and the views filled from them. */
  async function restore(
    process: Process,
    backUps: { readonly sql: () => void; readonly items: () => void },
  ) {
    const entityName = random.pick(['shipment', 'item'] as const);
    scheduler.note(`the source of ${entityName} is restored`);
    if (entityName === 'shipment') {
      generations.aurora += 1;
      backUps.sql();
      debezium.restart(generations.aurora);
    } else {
      generations.dynamodb += 1;
      backUps.items();
      capture.follow();
    }
    configure();
    for (let tries = 0; tries < 20; tries += 1)
      if ((await maintenance.invoke(process, { command: 'backfill', entity: entityName })) !== undefined)
        return;
  }

  const rows = createRowMaker(chance('rows'), startMs);
  function startWriters(): void {
    for (let number = 1; number <= settings.writers; number += 1) {
      const own = chance(`writer ${number} at ${scheduler.now()}`);
      writeSource(`sql ${number}`, (process) =>
        writePostgres(process, { scheduler, random: own, postgres, rows, transactions: settings.writes }),
      );
      // One that is far off must be refused: what it wrote would hide, or be hidden.
      const skewMs = own.chance(settings.wrongClocks) ? own.pick([-20_000, 20_000]) : own.integer(-900, 900);
      writeSource(
        `items ${number}`,
        (process) => {
          const serviceClock = code.serviceClock.createServiceClock(clockOf(process));
          const writer = code.dynamodb.createWriter({
            client: dynamodb.open({ process }, serviceClock.note),
            requireClock: serviceClock.require,
            isClosed: () => false,
            tableName: 'simulated',
            clock: clockOf(process),
            generation: generations.dynamodb,
            random: () => 0,
            newToken: () => 'unused: each writes one item',
          });
          return writeItems(process, {
            scheduler,
            random: own,
            writer,
            entity: entity('item'),
            rows,
            writes: settings.writes,
          });
        },
        skewMs,
      );
      writeSource(`events ${number}`, (process) => {
        const app = code.ingest.createIngestApp({
          catalog,
          changeLog: log.open({ process }),
          authenticate: async () => ({ kind: 'operator', subject: 'simulation' }),
          issueToken: async () => 'token',
          generation: settings.generation,
          clock: clockOf(process),
          backPressure: code.backPressure.createBackPressure({ clock: clockOf(process) }),
          log: silent,
          metrics: { add: () => {} },
        });
        return postEvents(process, {
          scheduler,
          random: own,
          app,
          startMs,
          posts: settings.writes,
          acknowledged: (row) => acknowledged.set(idOf(row), row),
        });
      });
    }
  }

  /** What befalls the deployment while it is written to. */
  async function disturb(process: Process): Promise<void> {
    const { events } = settings;
    // Not for as long as any job goes on: there would be more of them without end.
    while (applications > 0) {
      await scheduler.sleep(process, random.integer(5, 60));
      if (random.chance(events.partitionAdded)) {
        const topic = random.pick(topics);
        scheduler.note(`a partition is added to ${topic}`);
        log.addPartition(topic);
        for (const consumer of consumers) consumer.follow();
      }
      if (random.chance(events.shardSplit)) {
        scheduler.note('a shard splits');
        dynamodb.split(random.integer(0, 1));
        capture.follow();
      }
      if (random.chance(events.logAppliedAgain)) {
        scheduler.note('the log is applied again from its start');
        random.pick(consumers).rewind();
      }
      if (random.chance(events.hoursPass)) {
        scheduler.note('an hour passes');
        scheduler.advance(3_600_000);
      }
      if (random.chance(events.job)) {
        const event = someJob();
        write('somebody', async (person) => {
          await maintenance.invoke(person, event);
        });
      }
      if (random.chance(events.job)) await maintenance.invoke(process, { command: 'continue' });
      if (random.chance(events.poison)) {
        const headers = { 'polystore-schema': '1', 'polystore-generation': '0' };
        const { positions } = await log
          .open({ process })
          .append([{ topic: random.pick(topics), key: '{}', value: '{', headers }]);
        poison.push(...positions.filter((position) => position !== undefined));
      }
      // Longer ago than a clock may be off: the delete is older than what is written next.
      if (random.chance(events.itemRemoved)) {
        const old = [...dynamodb.items()].filter(
          ([id, { deleted }]) => deleted === undefined && dynamodb.writtenAt(id) < scheduler.now() - 3_000,
        );
        for (const [id] of old)
          if (random.chance(0.5)) {
            scheduler.note(`somebody removes ${id}`);
            dynamodb.removeItem(id);
          }
      }
      if (random.chance(events.secondsPass)) scheduler.advance(random.integer(1_000, 5_000));
      if (random.chance(events.storeDown)) {
        const store = random.pick([...stores.values()]);
        store.isDown = true;
        await scheduler.sleep(process, 300);
        store.isDown = false;
      }
    }
  }

  const viewNames = catalog.entities.flatMap(({ name, views }) =>
    views.map((view) => `${name}.${view.name}`),
  );
  function someJob(): object {
    const view = random.pick(viewNames);
    const [entityName = '', viewName = ''] = view.split('.');
    return random.pick([
      { command: 'backfill', entity: entityName },
      { command: 'backfill', entity: entityName, view: viewName },
      { command: 'rebuild', view },
      { command: 'verify', entity: entityName },
      { command: 'verify', entity: entityName, view: viewName, repair: true },
      { command: 'sweep' },
      { command: 'retry' },
    ]);
  }

  /** What people and schedules do until nothing is left to do: jobs are gone on with, letters retried. */
  async function tidy(process: Process): Promise<void> {
    for (let turn = 1; turn <= 80; turn += 1) {
      await maintenance.invoke(process, { command: 'retry' });
      await maintenance.invoke(process, { command: 'continue' });
      for (const { id, status } of maintenance.unfinished())
        if (status === 'failed') await maintenance.invoke(process, { command: 'continue', id });
      if (maintenance.unfinished().length === 0 && openLetters().length === 0) return;
      // Leases end, and what was put off has its turn; nobody polls a silent log meanwhile.
      scheduler.advance(60_000 * 2 ** Math.min(turn, 6));
    }
    for (const { id, problem } of maintenance.unfinished()) report(`the job ${id} never ended: ${problem}`);
    for (const { scope, key } of openLetters())
      report(`the letter of ${scope} ${key} stays open though its cause is mended`);
  }
  /** Those that somebody can mend: not what nobody can read. */
  const openLetters = () => letters.letters().filter(({ key }) => key !== undefined);

  /** Compares every view with its source by the deployed command, which must find exactly this much. */
  async function verify(
    process: Process,
    expected: { readonly repair: boolean; readonly drift: ReadonlyMap<string, number> },
  ): Promise<void> {
    const answer = await maintenance.invoke(process, { command: 'verify', repair: expected.repair });
    // What `verify --json` prints; anything else is told below.
    const { work, status } = (answer ?? {}) as { readonly status?: string; readonly work?: VerifyWork };
    if (status !== 'done' || work === undefined) {
      report(`verify answered ${JSON.stringify(answer)}`);
      return;
    }
    for (const view of viewNames) {
      const counts = work.results[view];
      const { missing = 0, stale = 0, extra = 0, different = 0, repaired = 0, unsettled = 0 } = counts ?? {};
      const found = missing + stale + extra + different;
      const wanted = expected.drift.get(view) ?? 0;
      const mended = expected.repair ? wanted : 0;
      if (found !== wanted || repaired !== mended || unsettled > 0 || counts?.behind !== false)
        report(`verify finds ${JSON.stringify(counts)} in ${view}, where ${wanted} rows differ`);
    }
  }

  /** Makes views untrue behind everyone's back; verify finds all of it and nothing else, and mends that. */
  async function plantDrift(process: Process): Promise<void> {
    const drift = new Map<string, number>();
    for (const [name, { inner, watch }] of stores)
      for (const placement of code.apply.placementsIn(catalog, name)) {
        const planted = await scheduler.step(process, {
          label: `spoils ${nameOf(placement)}`,
          effect: () => spoil(inner, placement, { random, nowMs: scheduler.now() }),
        });
        if (planted > 0) drift.set(nameOf(placement), planted);
        await watch.planted(placement);
      }
    scheduler.note(`drift is planted: ${JSON.stringify(Object.fromEntries(drift))}`);
    await verify(process, { repair: false, drift });
    await verify(process, { repair: true, drift });
    await verify(process, { repair: false, drift: new Map() });
  }

  const truthOf = (name: string): readonly SimulatedRow[] => {
    if (name === 'shipment') return [...postgres.rows().values()];
    if (name === 'item')
      return [...dynamodb.items().values()].flatMap((item) => {
        const row = rowOfItem(item);
        return row === undefined ? [] : [row];
      });
    return [...eventTruth().values()];
  };
  const isDrained = (): boolean =>
    scheduler.isQuiet() &&
    writing === 0 &&
    debezium.sent() === postgres.committed.length &&
    capture.isIdle() &&
    consumers.every((consumer) => consumer.isIdle());

  /** Whatever a view lacks for good somebody must be told of. */
  async function judgeLetters(): Promise<void> {
    const kept = letters.letters();
    const told = new Set(kept.map(({ scope, key, version }) => `${scope} ${key} ${version}`));
    for (const { refused, inner } of stores.values())
      for (const { placement, key, version } of refused.values()) {
        const held = (await everything(inner, placement)).filter((row) => isSameKey(row.key, key));
        const isSuperseded = held.some((row) => row.version > version);
        const id = `${nameOf({ entity: placement.entity, target: placement.target })} ${code.change.keyText(key)} ${code.version.renderVersion(version)}`;
        if (!isSuperseded && !told.has(id)) report(`no letter says that ${id} was refused`);
      }
    const places = new Set(kept.map(({ place }) => place));
    for (const { topic, partition, offset } of poison)
      if (!places.has(`${topic}/${partition}/${offset}`))
        report(`no letter says that ${topic}/${partition}/${offset} cannot be read`);
  }

  async function compare(): Promise<void> {
    for (const { name } of catalog.entities) {
      const storeOf = (view: { readonly kind: string }) => {
        const store = stores.get(view.kind.startsWith('redis') ? 'redis' : 'aurora');
        if (store === undefined) throw new RangeError('no such store');
        return store.inner;
      };
      const nowMs = scheduler.now();
      for (const problem of await differences({
        catalog,
        entity: name,
        storeOf,
        source: truthOf(name),
        nowMs,
      }))
        report(problem);
    }
    const there = eventTruth();
    for (const id of acknowledged.keys())
      if (!there.has(id)) report(`event ${id} was acknowledged and is not on the log`);
  }

  try {
    for (let round = 1; round <= settings.rounds && problems.length === 0; round += 1) {
      scheduler.setFaulty(true);
      const backUps = { sql: postgres.backUp(), items: dynamodb.backUp() };
      for (const store of stores.values()) store.isMended = false;
      startWriters();
      write('disturbance', disturb);
      await scheduler.run(() => writing === 0, mostSteps);
      scheduler.note('no more faults');
      scheduler.setFaulty(false);
      await scheduler.run(isDrained, mostSteps);
      await judgeLetters();
      for (const store of stores.values()) {
        store.isMended = true;
        store.refused.clear();
      }
      if (random.chance(0.3)) for (const consumer of consumers) consumer.rewind();
      write('operator', tidy);
      await scheduler.run(isDrained, mostSteps);
      await compare();
      write('operator', (process) => verify(process, { repair: false, drift: new Map() }));
      await scheduler.run(isDrained, mostSteps);
      if (random.chance(settings.events.sourceRestored)) {
        write('operator', (process) => restore(process, backUps));
        await scheduler.run(() => writing === 0, mostSteps);
        write('operator', tidy);
        await scheduler.run(isDrained, mostSteps);
        if (random.chance(0.5)) for (const consumer of consumers) consumer.rewind();
        await scheduler.run(isDrained, mostSteps);
        await compare();
      }
      if (problems.length === 0) {
        write('operator', plantDrift);
        await scheduler.run(isDrained, mostSteps);
        await compare();
      }
      if (random.chance(settings.events.daysPass)) {
        scheduler.note('days pass');
        scheduler.advance(random.integer(1, 10) * 24 * 3_600_000);
        dynamodb.expireItems();
        write('schedule', async (process) => {
          await maintenance.invoke(process, { command: 'sweep' });
        });
        await scheduler.run(() => writing === 0, mostSteps);
        for (const consumer of consumers) consumer.rewind();
        await scheduler.run(isDrained, mostSteps);
        await compare();
      }
    }
  } catch (error) {
    report(error instanceof Error ? (error.stack ?? error.message) : String(error));
  }
  return { problems, steps: scheduler.trace.length, trace: scheduler.trace };
}

const isSameKey = (one: Key, other: Key): boolean => one.owner === other.owner && one.number === other.number;

type Item =
  ReturnType<ReturnType<typeof createSimulatedDynamodb>['items']> extends ReadonlyMap<string, infer I>
    ? I
    : never;

/** The row of an item, read without Polystore's codec; undefined for a tombstone. */
function rowOfItem(item: Item): SimulatedRow | undefined {
  if (item.deleted?.BOOL === true) return undefined;
  return {
    owner: item.owner?.S ?? '',
    number: Number(item.number?.N),
    place: item.place?.S ?? '',
    at: item.at?.S ?? '',
    score: item.score?.N === undefined ? null : Number(item.score.N),
    large: item.large?.N ?? null,
    note: item.note?.S ?? null,
  };
}
