import { createHash } from 'node:crypto';
import { createWindow, type WindowOptions } from './batches.ts';
import type { StreamRecord } from './stream-event.ts';
import type { RetryStatus } from './trigger.ts';

/** What delivers the batches of one lane. */
export interface LaneDelivery {
  deliver(batch: readonly StreamRecord[]): Promise<boolean>;
  status(): RetryStatus;
}

export interface LanesOptions extends WindowOptions {
  /** How many batches of the shard may run at the same time. */
  readonly lanes: number;
  /** The attribute by whose value records share a lane; not asked for when there is one lane. */
  readonly partitionKey: string | undefined;
  readonly signal: AbortSignal;
  readonly createDelivery: (keep: (records: readonly StreamRecord[]) => Promise<boolean>) => LaneDelivery;
  /** Keeps the position: everything up to this record is done with. */
  readonly keep: (last: StreamRecord) => Promise<boolean>;
}

/** The batches of one shard that run at the same time; records of one partition key stay in their order. */
export interface Lanes {
  add(records: readonly StreamRecord[]): void;
  /** Sends what is due, where nothing runs. */
  send(): void;
  /** Sends what is there without waiting for windows; resolves when all is done with or the signal aborted. */
  finish(): Promise<void>;
  /** Resolves when no more than so many records wait or run, or the signal aborted. */
  room(atMost: number): Promise<void>;
  /** Sends no more; resolves when nothing runs. What waits stays. */
  idle(): Promise<void>;
  /** Records that were added and are not done with. */
  backlog(): number;
  statuses(): readonly RetryStatus[];
}

export function createLanes(options: LanesOptions): Lanes {
  const { partitionKey, signal } = options;
  /** In the order of the stream: the position is before the first that is not done with. */
  const pending: StreamRecord[] = [];
  const done = new Set<StreamRecord>();
  /** Records that are done with while the position after them is being kept. */
  let keeping = 0;
  let isFinishing = false;
  let moved = Promise.withResolvers<void>();
  const move = (): void => {
    moved.resolve();
    moved = Promise.withResolvers();
  };
  signal.addEventListener('abort', move, { once: true });

  const keep = async (records: readonly StreamRecord[]): Promise<boolean> => {
    for (const record of records) done.add(record);
    let last: StreamRecord | undefined;
    const before = pending.length;
    for (let first = pending[0]; first !== undefined && done.has(first); first = pending[0]) {
      done.delete(first);
      last = pending.shift();
    }
    if (last === undefined) return true;
    const count = before - pending.length;
    keeping += count;
    const isKept = await options.keep(last);
    keeping -= count;
    return isKept;
  };
  const backlog = (): number => pending.length + keeping;

  const lanes = Array.from({ length: options.lanes }, () => {
    const window = createWindow<StreamRecord>(options);
    const delivery = options.createDelivery(keep);
    let running: Promise<void> | undefined;
    const run = async (first: readonly StreamRecord[]): Promise<void> => {
      for (let batch = first; batch.length > 0 && !signal.aborted; batch = window.take(isFinishing)) {
        if (!(await delivery.deliver(batch))) break;
        move();
      }
    };
    return {
      window,
      delivery,
      send() {
        if (running !== undefined || signal.aborted) return;
        const batch = window.take(isFinishing);
        if (batch.length === 0) return;
        running = run(batch).finally(() => {
          running = undefined;
          move();
        });
      },
      running: () => running,
    };
  });
  const send = (): void => {
    for (const lane of lanes) lane.send();
  };
  const room = async (atMost: number): Promise<void> => {
    while (backlog() > atMost && !signal.aborted) {
      const { promise } = moved;
      send();
      await promise;
    }
  };

  return {
    add(records) {
      pending.push(...records);
      for (const record of records)
        lanes[laneOf(record, { partitionKey, of: lanes.length })]?.window.add([record]);
    },
    send,
    room,
    async finish() {
      isFinishing = true;
      await room(0);
      isFinishing = false;
    },
    async idle() {
      signal.removeEventListener('abort', move);
      await Promise.all(lanes.map((lane) => lane.running()));
    },
    backlog,
    statuses: () => lanes.map(({ delivery }) => delivery.status()),
  };
}

function laneOf(
  record: StreamRecord,
  { partitionKey, of }: { readonly partitionKey: string | undefined; readonly of: number },
): number {
  if (of === 1 || partitionKey === undefined) return 0;
  const key = JSON.stringify(record.dynamodb.Keys?.[partitionKey] ?? null);
  return createHash('sha256').update(key).digest().readUInt32BE(0) % of;
}
