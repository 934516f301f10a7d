import type { SyncStores } from '../../lambda/sync/sync-stores.ts';
import type { DeployedCode } from './deployed-code.ts';
import type { Random } from './random.ts';
import type { Ended, Process, Running, Scheduler } from './scheduler.ts';
import type { SimulatedDebezium } from './simulated-debezium.ts';
import type { SimulatedLetters } from './simulated-letters.ts';
import type { SimulatedLog } from './simulated-log.ts';
import type { SimulatedPostgres } from './simulated-postgres.ts';

type OpenMaintainOptions = Parameters<DeployedCode['openMaintain']['openMaintain']>[0];

/** The function `project`: invoked by people and by a schedule, cut off at any moment, its jobs gone on with. */
export interface Maintenance {
  /** One invocation; undefined when it was lost. An error that it answers is told. */
  invoke(process: Process, event: object): Promise<unknown>;
  /** Jobs that nobody has ended, with what they have come to. */
  unfinished(): readonly SimulatedJob[];
}
export interface SimulatedJob {
  readonly id: string;
  readonly status: string;
  readonly problem: string | null;
}

export function createMaintenance(options: {
  readonly scheduler: Scheduler;
  readonly random: Random;
  readonly code: DeployedCode;
  readonly catalog: OpenMaintainOptions['catalog'];
  readonly openStores: (running: Running) => SyncStores;
  readonly letters: SimulatedLetters;
  readonly log: SimulatedLog;
  readonly postgres: SimulatedPostgres;
  readonly debezium: SimulatedDebezium;
  readonly report: (problem: string) => void;
}): Maintenance {
  const { scheduler, random, code, catalog, openStores, letters, log, postgres, debezium, report } = options;
  const silent = { info: () => {}, warn: () => {}, error: () => {} };
  let invocations = 0;

  const open = (running: Running) => {
    const step = <T>(label: string, effect: () => T): Promise<T> =>
      scheduler.step(running.process, {
        label,
        effect,
        failure: () => new code.errors.PolystoreError('store_unavailable', `${label}: no answer`),
      });
    return code.openMaintain.openMaintain({
      catalog,
      stores: openStores(running),
      client: letters.open(running),
      table: 'letters',
      endOffsets: (topic) =>
        step(`asks where ${topic} ends`, () =>
          Array.from({ length: log.partitionsOf(topic) }, (_, partition) => ({
            partition,
            offset: log.endOf(topic, partition),
          })),
        ),
      capturePosition: () =>
        step('asks how far capture is', () => ({
          current: postgres.insertPosition(),
          captured: debezium.captured(),
        })),
      // The simulated slot loses nothing.
      checkCapture: async () => {},
      // No view is kept by months.
      tables: {
        tend: async () => ({ missing: [], due: [], indexesLeft: [] }),
        scanMonth: async () => ({ rows: [], next: undefined, bytes: 0 }),
        dropMonth: async () => {},
      },
      replicaExcessMs: async () => 0,
      clock: scheduler.now,
      steadyClock: scheduler.now,
      sleep: (ms) => scheduler.sleep(running.process, ms),
      random: random.fraction,
      log: silent,
      metrics: { add: () => {} },
    });
  };

  return {
    invoke: async (process, event) => {
      invocations += 1;
      const name = `project ${invocations}`;
      scheduler.note(`${name}: ${JSON.stringify(event)}`);
      const started = scheduler.spawn({ name, mayCrash: true }, (own) =>
        open({ process: own })({ ...event, sliceMs: 240_000 }),
      );
      const ended: Ended<unknown> = await scheduler.join(process, started);
      if (ended.kind === 'threw') report(`${name} threw: ${ended.error}`);
      if (ended.kind !== 'returned') return undefined;
      const text = JSON.stringify(ended.value);
      scheduler.note(`${name} answers ${text.slice(0, 600)}`);
      if (text.startsWith('{"error":{"code":"internal"')) report(`${name} has a defect: ${text}`);
      return ended.value;
    },
    unfinished: () =>
      letters
        .jobs()
        .map((text) => JSON.parse(text) as SimulatedJob)
        .filter(({ status }) => !['done', 'stopped', 'aborted'].includes(status)),
  };
}
