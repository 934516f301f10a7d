import type { EngineRunner } from './engine-runner.ts';
import { type AfterEngine, type EngineName, type EngineSet, engineNames } from './types.ts';

/** What must serve, with what comes after it done, before an engine starts. */
const waitsFor: Readonly<Record<EngineName, readonly EngineName[]>> = {
  'postgres-writer': [],
  // A failover slot reaches a replica only if it was there before the replica first started.
  'postgres-dashboard': ['postgres-writer'],
  'postgres-analytics': ['postgres-writer'],
  'postgres-reporting': ['postgres-writer'],
  kafka: [],
  // Its connectors are kept in Kafka, so on a later start it begins to read at once.
  connect: ['postgres-writer', 'kafka'],
  dynamodb: [],
  valkey: [],
  cassandra: [],
  opensearch: [],
};

/** The engines asked for and those that they wait for, in the order in which people read them. */
export function withNeeded(asked: readonly EngineName[]): readonly EngineName[] {
  const needed = new Set<EngineName>();
  const add = (engine: EngineName): void => {
    needed.add(engine);
    waitsFor[engine].forEach(add);
  };
  asked.forEach(add);
  return engineNames.filter((engine) => needed.has(engine));
}

/** Engines on their way. */
export interface OrderedStart {
  /**
   * Resolves when these serve and what comes after them is done. Rejects with the first failure of the
   * whole start, which gives up what has not come to serve yet.
   */
  ready(engines: readonly EngineName[]): Promise<void>;
  /** Fails the start from outside, as an engine does that dies after it served; nothing happens once it has settled. */
  fail(error: Error): void;
  /** Resolves when nothing is on its way any more, come what may. */
  readonly settled: Promise<void>;
}

export interface StartOrder {
  readonly runner: Pick<EngineRunner, 'start'>;
  /** With all that they wait for. */
  readonly engines: readonly EngineName[];
  /** Those to start before all others. */
  readonly first?: readonly EngineName[];
  readonly endpoints: EngineSet;
  readonly after: Partial<Readonly<Record<EngineName, AfterEngine>>>;
  readonly signal?: AbortSignal | undefined;
}

/** Starts engines at the same time, each as soon as what it waits for is ready. */
export function startInOrder({
  runner,
  engines,
  first = [],
  endpoints,
  after,
  signal,
}: StartOrder): OrderedStart {
  const isFirst = new Set(withNeeded(first));
  // The first failure gives up the others, so that the error comes at once and not after their time-outs.
  const failed = new AbortController();
  const either = signal === undefined ? failed.signal : AbortSignal.any([signal, failed.signal]);
  const ways = new Map<EngineName, Promise<void>>();
  const start = async (engine: EngineName): Promise<void> => {
    const before = isFirst.has(engine) ? [] : [...isFirst].filter((other) => engines.includes(other));
    await ready([...waitsFor[engine], ...before]);
    await runner.start(engine, either);
    await after[engine]?.(endpoints);
  };
  const ready = async (wanted: readonly EngineName[]): Promise<void> => {
    const stranger = wanted.find((engine) => !ways.has(engine));
    if (stranger !== undefined) throw new TypeError(`${stranger} is not among the engines of this start`);
    try {
      await Promise.all(wanted.map((engine) => ways.get(engine)));
    } catch (error) {
      throw failed.signal.aborted ? failed.signal.reason : error;
    }
    failed.signal.throwIfAborted();
  };
  // What is waited for comes before what waits for it in the list, so its way is there to be found.
  const inTurn = [...engines].sort((a, b) => Number(isFirst.has(b)) - Number(isFirst.has(a)));
  for (const engine of inTurn) {
    const way = start(engine);
    way.catch((error: unknown) => failed.abort(error));
    ways.set(engine, way);
  }
  return {
    ready,
    fail: (error) => failed.abort(error),
    settled: Promise.allSettled(ways.values()).then(() => undefined),
  };
}

/** Stops engines, each as soon as what waits for it has stopped: a writer would wait for Debezium and its replicas. */
export async function stopInOrder(
  runner: Pick<EngineRunner, 'stop'>,
  engines: readonly EngineName[],
): Promise<void> {
  const ways = new Map<EngineName, Promise<void>>();
  for (const engine of engines.toReversed()) {
    const waiting = engines.filter((other) => waitsFor[other].includes(engine));
    ways.set(
      engine,
      Promise.all(waiting.map((other) => ways.get(other))).then(() => runner.stop(engine)),
    );
  }
  await Promise.all(ways.values());
}
