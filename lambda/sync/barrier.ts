import type { CatalogEntity } from '../model/index.ts';
import type { Clock, Placement } from '../stores/store.ts';
import type { ViewStore } from '../stores/view-store.ts';
import type { LogEnd } from './job-tools.ts';
import { findHoles, type Offsets, readTaken, subtractHoles } from './reach.ts';

/**
 * A position of a source, with the offsets of the change log that cover everything up to it (DESIGN §5). A view whose
 * progress is past all of them, without an open dead letter below, has everything up to the position.
 */
export interface Barrier {
  readonly topic: string;
  /** Of an Aurora source its WAL position; undefined where a source has no position across keys. */
  readonly position: bigint | undefined;
  readonly ends: readonly LogEnd[];
}

export interface BarrierPorts {
  readonly endOffsets: (topic: string) => Promise<readonly LogEnd[]>;
  /** How far Aurora's WAL is, and how far its capture has surely got. */
  readonly capturePosition: () => Promise<{
    readonly current: bigint;
    readonly captured: bigint | undefined;
  }>;
  readonly clock: Clock;
  readonly sleep: (ms: number) => Promise<unknown>;
}

const lookEveryMs = 200;
/**
 * DynamoDB has no position across keys, so of its capture one can only wait what it usually takes: its streams are
 * read four times a second. Whoever needs to know of one key asks for its version.
 */
const dynamodbCaptureMs = 2_000;

/**
 * Takes a barrier for everything that an entity's source has by now: waits until the capture has durably written that
 * to the log, then reads where every partition ends, quiet ones too.
 * @returns undefined when the capture has not got there by `untilMs`
 */
export async function takeBarrier(
  ports: BarrierPorts,
  entity: CatalogEntity,
  untilMs: number,
): Promise<Barrier | undefined> {
  const { topic } = entity;
  const { clock, sleep } = ports;
  switch (entity.source.kind) {
    case 'kafka.source':
      return { topic, position: undefined, ends: await ports.endOffsets(topic) };
    case 'dynamodb.source':
      await sleep(Math.max(0, Math.min(dynamodbCaptureMs, untilMs - clock())));
      return { topic, position: undefined, ends: await ports.endOffsets(topic) };
    case 'aurora.source': {
      const { current: position } = await ports.capturePosition();
      for (;;) {
        const { captured } = await ports.capturePosition();
        if (captured !== undefined && captured >= position)
          return { topic, position, ends: await ports.endOffsets(topic) };
        if (clock() >= untilMs) return undefined;
        await sleep(lookEveryMs);
      }
    }
  }
}

/** How many records below a barrier are not below these offsets. */
const recordsLacking = ({ ends }: Barrier, offsets: Offsets): bigint =>
  ends.reduce((sum, { partition, offset }) => {
    const lacking = offset - (offsets.get(partition) ?? 0n);
    return lacking > 0n ? sum + lacking : sum;
  }, 0n);

/**
 * How a view stands to a barrier: it has everything up to it; it was given everything, and lacks what letters are open
 * of; it was not given everything.
 */
export type Settled = 'reached' | 'holes' | 'behind';

/**
 * Waits until a view has been given all that its source had when this was called. Open letters are not waited for:
 * they close when somebody mends their cause.
 */
export async function settleView(
  ports: BarrierPorts & {
    readonly box: Parameters<typeof findHoles>[0];
    readonly onBarrier?: (barrier: Barrier) => Promise<void>;
  },
  { store, placement }: { readonly store: ViewStore; readonly placement: Placement },
  withinMs: number,
): Promise<Settled> {
  const untilMs = ports.clock() + withinMs;
  const barrier = await takeBarrier(ports, placement.entity, untilMs);
  if (barrier === undefined) return 'behind';
  await ports.onBarrier?.(barrier);
  let taken = await readTaken(store, placement);
  while (recordsLacking(barrier, taken) > 0n) {
    if (ports.clock() >= untilMs) return 'behind';
    await ports.sleep(lookEveryMs);
    taken = await readTaken(store, placement);
  }
  const whole = subtractHoles(taken, await findHoles(ports.box, placement), barrier.topic);
  return recordsLacking(barrier, whole) > 0n ? 'holes' : 'reached';
}
