import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { keyText } from '../change/change.ts';
import { encodeChange } from '../change/encode.ts';
import { renderVersion } from '../change/version.ts';
import { PolystoreError } from '../errors.ts';
import type { Catalog } from '../model/index.ts';
import { storeOf } from '../model/index.ts';
import type { ApplyResult, Clock, Placement } from '../stores/store.ts';
import type { Tables } from '../stores/tables.ts';
import { scopeOf } from './apply-plan.ts';
import { type BarrierPorts, settleView } from './barrier.ts';
import { createBarriers } from './barriers.ts';
import { createDeadLetters, type DeadLetter } from './dead-letters.ts';
import type { JobTools } from './job-tools.ts';
import { createJobs } from './jobs.ts';
import { createLetterBox } from './letter-box.ts';
import { createLetterDesk } from './letter-desk.ts';
import type { Log } from './log.ts';
import { createMaintain } from './maintain.ts';
import { parseMaintainRequest } from './maintain-request.ts';
import type { Metrics } from './metrics.ts';
import { createPace } from './pace.ts';
import { findHoles } from './reach.ts';
import { type SyncStores, storeOfView } from './sync-stores.ts';

export interface OpenMaintainOptions extends Omit<BarrierPorts, 'clock'> {
  readonly catalog: Catalog;
  readonly stores: SyncStores;
  readonly client: DynamoDBClient;
  /** Of dead letters, jobs and barriers. */
  readonly table: string;
  /** How far the replica that is most behind its target is above it, in milliseconds. */
  readonly replicaExcessMs: () => Promise<number>;
  /** @throws PolystoreError `slot_lost` and others, when changes can no longer be captured. */
  readonly checkCapture: () => Promise<void>;
  /** Of Aurora. */
  readonly tables: Tables;
  /** What rows are dated and expire by; milliseconds since the epoch. */
  readonly clock: Clock;
  /** What waits are told by, where the other one stands still. */
  readonly steadyClock: Clock;
  readonly random: () => number;
  readonly log: Log;
  readonly metrics: Metrics;
  /** How long a view is waited for before what differs is told as unsettled. */
  readonly patienceMs?: number;
}

/** A part of this is asked for at a time, so that people see how far a job is and can stop it. */
const longestSliceMs = 240_000;
const usualPatienceMs = 15_000;

/** Puts together what the function `project` does. Its errors are answered: who asks is told what to do. */
export function openMaintain(options: OpenMaintainOptions) {
  const { catalog, stores, client, table, steadyClock, sleep, random, log, metrics } = options;
  const box = createLetterBox({ client, table, clock: steadyClock });
  const barriers = createBarriers({ client, table, clock: steadyClock });
  const lettersOf = (store: string) => createDeadLetters({ client, table, store, clock: steadyClock });
  const ports = { ...options, clock: steadyClock, box, onBarrier: barriers.save };
  const patienceMs = options.patienceMs ?? usualPatienceMs;
  const tools: JobTools = {
    catalog,
    stores,
    pace: createPace({ clock: steadyClock, sleep, replicaExcessMs: options.replicaExcessMs }),
    clock: options.clock,
    sleep,
    log,
    metrics,
    tables: options.tables,
    endOffsets: options.endOffsets,
    refused: (placement, rejected) =>
      lettersOf(storeOf(placement.target)).put(
        rejected.map((each) => letterOf(placement, each, steadyClock())),
      ),
    settle: async (placement) =>
      (await settleView(ports, { store: storeOfView(stores, placement), placement }, patienceMs)) !==
      'behind',
  };
  const desk = createLetterDesk({ catalog, stores, clock: steadyClock, box, random });
  const maintain = createMaintain({
    tools,
    steadyClock,
    jobs: createJobs({ client, table, clock: steadyClock }),
    desk,
    checkCapture: options.checkCapture,
    findHoles: (placement) => findHoles(box, placement),
    newId: () =>
      Math.floor(random() * 0x10000)
        .toString(16)
        .padStart(4, '0'),
  });
  return async (event: unknown): Promise<unknown> => {
    try {
      const { sliceMs = longestSliceMs, ...request } = parseMaintainRequest(event);
      return await maintain(request, steadyClock() + Math.min(sliceMs, longestSliceMs));
    } catch (error) {
      const { code, message, details } =
        error instanceof PolystoreError
          ? error
          : new PolystoreError('internal', error instanceof Error ? error.message : String(error), {
              cause: error,
            });
      log.error('a command failed', { code, reason: message });
      return { error: { code, message, details } };
    }
  };
}

/** A letter of a row that a backfill brought: its record is not on the log, so it is made. */
function letterOf(
  placement: Placement,
  { change, reason }: ApplyResult['rejected'][number],
  nowMs: number,
): DeadLetter {
  const { topic, key, value, headers } = encodeChange(placement.entity, change, nowMs);
  return {
    scope: scopeOf(placement),
    key: keyText(change.key),
    version: renderVersion(change.version),
    reason,
    record: {
      topic,
      partition: -1,
      offset: -1n,
      timestampMs: nowMs,
      key: Buffer.from(key),
      value: Buffer.from(value),
      headers,
    },
  };
}
