import { describe, expect, test } from '@jest/globals';
import { type CaptureFacts, planCapture, type SlotFacts } from '../../../lambda/stores/aurora/replication.ts';
import { contractCatalog } from '../contract-model.ts';

const aim = { catalog: contractCatalog('capture'), slot: 'polystore', database: 'polystore' };
const healthy: SlotFacts = {
  database: 'polystore',
  plugin: 'pgoutput',
  failover: true,
  walStatus: 'reserved',
  invalidation: null,
};
const lost: SlotFacts = { ...healthy, walStatus: 'lost', invalidation: 'wal_removed' };
const plan = (recorded: number | undefined, slot: SlotFacts | undefined, generation: number) => () =>
  planCapture({ recorded, slot } satisfies CaptureFacts, { ...aim, generation });

describe('what becomes of the slot', () => {
  test.each([
    ['the first deployment makes it', undefined, undefined, 0, ['make-slot', 'record']],
    ['one that an earlier version made is taken over', undefined, healthy, 0, ['record']],
    ['it stays', 3, healthy, 3, []],
    ['one that is behind, and has all its WAL, stays', 3, { ...healthy, walStatus: 'unreserved' }, 3, []],
    ['it stays for a higher generation', 3, healthy, 4, ['record']],
    ['one that is gone is made anew for a higher generation', 3, undefined, 4, ['make-slot', 'record']],
    ['so is one that lost WAL', 3, lost, 9, ['drop-slot', 'make-slot', 'record']],
  ] as const)('%s', (_what, recorded, slot, generation, steps) => {
    expect(plan(recorded, slot, generation)()).toEqual(steps);
  });

  test.each([
    ['is not there any more', undefined],
    ['max_slot_wal_keep_size', lost],
    ['wal_level_insufficient', { ...lost, invalidation: 'wal_level_insufficient' }],
    ['max_slot_wal_keep_size', { ...healthy, walStatus: 'lost' }],
  ])('a loss is named (%s), with the generation to raise and the backfills to run', (what, slot) => {
    expect(plan(3, slot, 3)).toThrow(
      expect.objectContaining({
        code: 'slot_lost',
        message: expect.stringMatching(
          new RegExp(`${what}.*generation to 4.*polystore backfill place; polystore backfill account`),
        ),
        details: expect.objectContaining({ next: 4, entities: ['place', 'account'] }),
      }),
    );
  });

  test('a generation that went back is refused, whatever the slot', () => {
    for (const slot of [healthy, lost, undefined])
      expect(plan(3, slot, 2)).toThrow(expect.objectContaining({ code: 'invalid_configuration' }));
  });

  test('a slot of something else is refused with all that is wrong', () => {
    const other = { ...healthy, database: 'postgres', plugin: 'wal2json', failover: false };

    expect(plan(undefined, other, 0)).toThrow(/database postgres.*wal2json.*promotion/);
  });
});
