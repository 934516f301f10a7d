import { join } from 'node:path';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBStreamsClient } from '@aws-sdk/client-dynamodb-streams';
import { PolystoreError } from '../../lambda/errors.ts';
import { type Catalog, checkTrigger, type FunctionSpec } from '../../lambda/model/index.ts';
import { Problems } from '../../lambda/model/problems.ts';
import type { EngineName, EngineSet } from '../engines/index.ts';
import type { Invoke, LocalFunction } from '../functions/index.ts';
import {
  type ChangeLogTrigger,
  type DynamodbStreamTrigger,
  gatherOutages,
  startChangeLogTrigger,
  startDynamodbStreamTrigger,
  type TriggerNotice,
} from '../triggers/index.ts';
import { enginesOfFunction } from './function-engines.ts';
import { dynamodbConnection } from './tables.ts';

export interface TriggerSetOptions {
  readonly catalog: Catalog;
  readonly specs: readonly FunctionSpec[];
  readonly engines: EngineSet;
  readonly functions: ReadonlyMap<string, LocalFunction>;
  /** Keeps the stream's positions. */
  readonly stateDir: string;
  readonly onNotice: (notice: TriggerNotice) => void;
  /** Resolves when these serve and hold what the model needs there; rejects when the start fails. */
  readonly ready: (engines: readonly EngineName[]) => Promise<void>;
}

/** The triggers of all functions that are fed by streams, by the function's name. */
export interface Triggers {
  readonly changeLog: ReadonlyMap<string, ChangeLogTrigger>;
  readonly streams: ReadonlyMap<string, DynamodbStreamTrigger>;
  /**
   * Sends what waits for a batching window (the archive's is five minutes), and resolves when it was taken.
   * @throws when the brokers do not answer.
   */
  flush(): Promise<void>;
  /** What the triggers that have not begun wait for, by the function's name. */
  readonly waiting: ReadonlyMap<string, readonly EngineName[]>;
  /** Resolves when all have begun; rejects when the start fails. */
  readonly begun: Promise<void>;
  stop(): Promise<void>;
}

/** The spec of a function that is fed in batches. */
type FedSpec = FunctionSpec & {
  readonly trigger: Extract<FunctionSpec['trigger'], { kind: 'change-log' | 'dynamodb-stream' }>;
};

const isFed = (spec: FunctionSpec): spec is FedSpec =>
  spec.trigger.kind === 'change-log' || spec.trigger.kind === 'dynamodb-stream';

/**
 * Starts what feeds the functions, each as soon as its engines serve; on AWS event source mappings do.
 * @throws PolystoreError `invalid_configuration` for settings that Lambda would not take.
 */
export function startTriggers(options: TriggerSetOptions): Triggers {
  const { catalog, engines, stateDir } = options;
  const fed = options.specs.filter(isFed);
  refuseSettings(fed);
  const destinationFolder = join(stateDir, 'destinations');
  const changeLog = new Map<string, ChangeLogTrigger>();
  const streams = new Map<string, DynamodbStreamTrigger>();
  const connection = dynamodbConnection(engines);
  const clients = {
    dynamodb: new DynamoDBClient(connection),
    streams: new DynamoDBStreamsClient(connection),
  };
  const waiting = new Map<string, readonly EngineName[]>();
  let stopped = false;
  const begin = async (spec: FedSpec, target: LocalFunction): Promise<void> => {
    const needed = enginesOfFunction(spec);
    waiting.set(spec.name, needed);
    await options.ready(needed);
    if (stopped) return;
    waiting.delete(spec.name);
    const invoke: Invoke = (event) => target.invoke(event);
    const onNotice = gatherOutages(spec.name, options.onNotice);
    const { trigger } = spec;
    if (trigger.kind === 'change-log') {
      changeLog.set(
        spec.name,
        startChangeLogTrigger({
          model: catalog.name,
          function: { name: spec.name, trigger },
          brokers: engines.kafka.brokers,
          destinationFolder,
          invoke,
          onNotice,
        }),
      );
    }
    if (trigger.kind === 'dynamodb-stream' && catalog.table !== undefined) {
      streams.set(
        spec.name,
        startDynamodbStreamTrigger({
          table: catalog.table.name,
          clients,
          function: { name: spec.name, trigger },
          checkpointFile: join(stateDir, 'positions', `${spec.name}.json`),
          destinationFolder,
          invoke,
          onNotice,
        }),
      );
    }
  };
  const begun = Promise.all(
    fed.map(async (spec) => {
      const target = options.functions.get(spec.name);
      if (target !== undefined) await begin(spec, target);
    }),
  ).then(() => undefined);
  // Whoever waits for it hears of a failure; nobody has to wait.
  begun.catch(() => undefined);
  return {
    changeLog,
    streams,
    async flush() {
      await Promise.all([...changeLog.values()].map((each) => each.flush()));
    },
    waiting,
    begun,
    async stop() {
      stopped = true;
      await Promise.all([...streams.values(), ...changeLog.values()].map((each) => each.stop()));
      clients.dynamodb.destroy();
      clients.streams.destroy();
    },
  };
}

function refuseSettings(specs: readonly FedSpec[]): void {
  const problems = new Problems();
  for (const { name, trigger } of specs) checkTrigger(name, trigger, problems);
  if (problems.all.length === 0) return;
  throw new PolystoreError(
    'invalid_configuration',
    `The settings of triggers have ${problems.all.length} problem(s): ${problems.all.join(' ')}`,
    { details: { problems: problems.all } },
  );
}
