import { join } from 'node:path';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBStreamsClient } from '@aws-sdk/client-dynamodb-streams';
import type { Catalog, FunctionSpec } from '../../lambda/model/index.ts';
import type { EngineSet } from '../engines/index.ts';
import type { Invoke, LocalFunction } from '../functions/index.ts';
import {
  type ChangeLogTrigger,
  type DynamodbStreamTrigger,
  startChangeLogTrigger,
  startDynamodbStreamTrigger,
  type TriggerNotice,
} from '../triggers/index.ts';
import { dynamodbConnection } from './tables.ts';

export interface TriggerSetOptions {
  readonly catalog: Catalog;
  readonly specs: readonly FunctionSpec[];
  readonly engines: EngineSet;
  readonly functions: ReadonlyMap<string, LocalFunction>;
  /** Keeps the stream's positions. */
  readonly stateDir: string;
  readonly onNotice: (notice: TriggerNotice) => void;
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
  stop(): Promise<void>;
}

/** Starts what feeds the functions; on AWS event source mappings do. */
export function startTriggers(options: TriggerSetOptions): Triggers {
  const { catalog, engines, stateDir, onNotice } = options;
  const changeLog = new Map<string, ChangeLogTrigger>();
  const streams = new Map<string, DynamodbStreamTrigger>();
  const connection = dynamodbConnection(engines);
  const clients = {
    dynamodb: new DynamoDBClient(connection),
    streams: new DynamoDBStreamsClient(connection),
  };
  for (const spec of options.specs) {
    const target = options.functions.get(spec.name);
    if (target === undefined) continue;
    const invoke: Invoke = (event) => target.invoke(event);
    const { trigger } = spec;
    if (trigger.kind === 'change-log') {
      changeLog.set(
        spec.name,
        startChangeLogTrigger({
          model: catalog.name,
          function: { name: spec.name, trigger },
          brokers: engines.kafka.brokers,
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
          invoke,
          onNotice,
        }),
      );
    }
  }
  return {
    changeLog,
    streams,
    async flush() {
      await Promise.all([...changeLog.values()].map((each) => each.flush()));
    },
    async stop() {
      await Promise.all([...streams.values(), ...changeLog.values()].map((each) => each.stop()));
      clients.dynamodb.destroy();
      clients.streams.destroy();
    },
  };
}
