import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Row } from '../../lambda/change/change.ts';
import { encodeItemKey, encodeRow, encodeTombstone, type Image } from '../../lambda/stores/dynamodb/item.ts';
import { createMemoryStore } from '../../lambda/stores/memory/index.ts';
import type { Placement } from '../../lambda/stores/store.ts';
import { createApply, placementsIn } from '../../lambda/sync/apply.ts';
import { createCapture } from '../../lambda/sync/capture.ts';
import type { StreamRecord } from '../../lambda/sync/capture-plan.ts';
import { everyType, sourcedIn } from '../change/every-type-model.ts';
import {
  createFakeDeadLetters,
  createFakeLines,
  createFakeLog,
  createFakeMetrics,
  toLogEvent,
} from './fakes.ts';

/**
 * A table, its stream and Lambda's reader, small: a writer that follows DESIGN §4, somebody who removes
 * items, TTL, a log that keeps what it does not acknowledge and acknowledges a later record of a key
 * before an earlier one, and functions that die before they answer.
 */
const entity = sourcedIn('dynamodb');
const placements = placementsIn(everyType, 'redis');
// The model has a card of every entity in Redis.
const card = placements.find((placement) => placement.entity === entity) as Placement;
const numbers = ['0', '1', '2'];

type Step =
  | { readonly kind: 'write' | 'delete' | 'remove' | 'sweep'; readonly number: string; readonly skew: number }
  | {
      readonly kind: 'capture';
      readonly size: number;
      readonly dies: boolean;
      readonly fate: readonly Fate[];
    };
/** What becomes of a record: on the log and acknowledged, on the log only, or neither. */
type Fate = 'kept' | 'unanswered' | 'lost';

const number = fc.constantFrom(...numbers);
const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.oneof(
    fc.record({
      kind: fc.constantFrom(
        'write' as const,
        'write' as const,
        'delete' as const,
        'remove' as const,
        'sweep' as const,
      ),
      number,
      // Writers' clocks, in microseconds: within the second that DESIGN §4 allows.
      skew: fc.integer({ min: -3, max: 3 }),
    }),
    fc.record({
      kind: fc.constant('capture' as const),
      size: fc.integer({ min: 1, max: 6 }),
      dies: fc.boolean(),
      fate: fc.array(fc.constantFrom<Fate>('kept', 'kept', 'unanswered', 'lost'), {
        minLength: 1,
        maxLength: 6,
      }),
    }),
  ),
  { maxLength: 40 },
);

interface Held {
  readonly position: bigint;
  readonly deleted: boolean;
  readonly image: Image;
}

function world() {
  const table = new Map<string, Held>();
  const stream: StreamRecord[] = [];
  let fate: readonly Fate[] = ['kept'];
  // What was lost or left unanswered last; the log's own fake keeps the others.
  const log = createFakeLog((_record, index) => fate[index % fate.length] === 'lost');
  let nowMicros = 1_000n;
  let cursor = 0;

  const put = (of: string, held: Held | undefined, byTtl = false): void => {
    const before = table.get(of)?.image;
    if (held === undefined) table.delete(of);
    else table.set(of, held);
    stream.push({
      dynamodb: {
        // The codec writes only attributes of the types that images have.
        Keys: encodeItemKey(entity, rowOf(of, 0n)) as Image,
        ...(before && { OldImage: before }),
        ...(held && { NewImage: held.image }),
        SequenceNumber: String(stream.length),
      },
      ...(byTtl && { userIdentity: { type: 'Service', principalId: 'dynamodb.amazonaws.com' } }),
    });
  };
  const live = (of: string, position: bigint): Held => ({
    position,
    deleted: false,
    image: imageOf(encodeRow(entity, rowOf(of, position), position)),
  });
  const dead = (of: string, position: bigint): Held => ({
    position,
    deleted: true,
    image: imageOf(encodeTombstone(entity, rowOf(of, position), position, 0)),
  });

  const capture = createCapture({
    catalog: everyType,
    changeLog: {
      ...log.changeLog,
      append: async (records) => {
        const appended = await log.changeLog.append(records);
        return {
          ...appended,
          positions: appended.positions.map((position, index) =>
            fate[index % fate.length] === 'unanswered' ? undefined : position,
          ),
        };
      },
    },
    tombstones: {
      put: async (items) =>
        items.map(({ row, position }) => {
          const of = String(row.number);
          if (!table.has(of)) put(of, dead(of, position));
          return true;
        }),
    },
    deadLetters: createFakeDeadLetters(),
    generation: 0,
    clock: () => 0,
    log: createFakeLines(),
    metrics: createFakeMetrics(),
  });

  const run = async (step: Step): Promise<void> => {
    nowMicros += 10n;
    if (step.kind === 'capture') {
      fate = step.fate;
      const batch = stream.slice(cursor, cursor + step.size);
      const { batchItemFailures } = await capture({ Records: batch });
      if (step.dies) return;
      const [failed] = batchItemFailures;
      cursor = failed === undefined ? cursor + batch.length : Number(failed.itemIdentifier);
      return;
    }
    const of = step.number;
    const held = table.get(of);
    const now = nowMicros + BigInt(step.skew);
    const next = held === undefined || now > held.position ? now : held.position + 1n;
    if (step.kind === 'write') put(of, live(of, next));
    else if (step.kind === 'delete' && held?.deleted === false) put(of, dead(of, next));
    else if (step.kind === 'remove' && held !== undefined) put(of, undefined);
    else if (step.kind === 'sweep' && held?.deleted === true) put(of, undefined, true);
  };
  const drain = async (): Promise<void> => {
    while (cursor < stream.length) await run({ kind: 'capture', size: 100, dies: false, fate: ['kept'] });
  };
  return { run, drain, table, records: log.records };
}

/** The content follows from the version: equal versions carry equal content. */
const rowOf = (of: string, position: bigint): Row => ({
  ...Object.fromEntries(entity.columns.map(({ name }) => [name, null])),
  owner: 'AA',
  number: of,
  place: 'JFK',
  large: String(position),
});
const imageOf = (item: Record<string, AttributeValue>): Image => item as Image;

test('what capture leaves on the log makes the table’s rows, whatever is lost, repeated, cut off or answered late', async () => {
  await fc.assert(
    fc.asyncProperty(steps, fc.integer({ min: 1, max: 7 }), async (plan, batchSize) => {
      const { run, drain, table, records } = world();
      for (const step of plan) await run(step);
      await drain();

      const store = createMemoryStore({ clock: () => 0 });
      const deadLetters = createFakeDeadLetters();
      const apply = createApply({
        catalog: everyType,
        store,
        placements,
        deadLetters,
        clock: () => 0,
        log: createFakeLines(),
        metrics: createFakeMetrics(),
      });
      for (let start = 0; start < records.length; start += batchSize)
        await apply(toLogEvent(records.slice(start, start + batchSize)));

      const keys = numbers.map((of) => ({ owner: 'AA', number: of, place: 'JFK' }));
      const found = await store.read({ kind: 'keys', placement: card, keys });
      const shown = numbers.map((of) => found.find(({ row }) => row.number === of)?.row.large ?? null);
      const held = numbers.map((of) => {
        const item = table.get(of);
        return item === undefined || item.deleted ? null : String(item.position);
      });
      expect(shown).toEqual(held);
      expect(deadLetters.letters.size).toBe(0);
    }),
    { numRuns: 500 },
  );
});
