import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { compile, dynamodb, entity, model, type Rate, shared, text } from '../../../lambda/model/index.ts';
import {
  billByRates,
  capacityOfIndex,
  capacityOfTable,
  planCapacity,
  readUnits,
  type Traffic,
  writeUnits,
} from '../../../lib/index.ts';
import flights from '../../../model/flights.ts';

const bytes = fc.integer({ min: 1, max: 409_600 });
const traffic: fc.Arbitrary<Traffic> = fc.record({
  changesPerSecond: fc.integer({ min: 1, max: 10_000 }),
  readsPerSecond: fc.integer({ min: 1, max: 10_000 }),
  itemBytes: bytes,
});

describe('units of an item', () => {
  test.each([
    [0, 1, 1],
    [1, 1, 1],
    [1_024, 1, 1],
    [1_025, 2, 1],
    [4_096, 4, 1],
    [4_097, 5, 2],
    [409_600, 400, 100],
  ])('%i bytes take %i to write and %i to read', (size, write, read) => {
    expect([writeUnits(size), readUnits(size, 'strong')]).toEqual([write, read]);
  });

  test('are what holds it and no more: 1 KB to write, 4 KB to read', () => {
    fc.assert(
      fc.property(bytes, (size) => {
        const [write, read] = [writeUnits(size), readUnits(size, 'strong')];

        expect(size <= write * 1_024 && size > (write - 1) * 1_024).toBe(true);
        expect(size <= read * 4_096 && size > (read - 1) * 4_096).toBe(true);
      }),
    );
  });

  test('are half for a read that may be behind, and twice in a transaction', () => {
    fc.assert(
      fc.property(bytes, (size) => {
        expect(readUnits(size, 'eventual') * 2).toBe(readUnits(size, 'strong'));
        expect(readUnits(size, 'transactional')).toBe(2 * readUnits(size, 'strong'));
        expect(writeUnits(size, 'transactional')).toBe(2 * writeUnits(size));
      }),
    );
  });

  test('of two items are no fewer than of one as large as both', () => {
    fc.assert(
      fc.property(bytes, bytes, (a, b) => {
        expect(writeUnits(a) + writeUnits(b)).toBeGreaterThanOrEqual(writeUnits(a + b));
        expect(readUnits(a, 'strong') + readUnits(b, 'strong')).toBeGreaterThanOrEqual(
          readUnits(a + b, 'strong'),
        );
      }),
    );
  });
});

describe('capacity', () => {
  test('grows with every part of the traffic, and by as much as the rates do', () => {
    fc.assert(
      fc.property(traffic, fc.integer({ min: 2, max: 9 }), fc.boolean(), (one, times, moves) => {
        const more = {
          ...one,
          changesPerSecond: one.changesPerSecond * times,
          readsPerSecond: one.readsPerSecond * times,
        };

        for (const capacityOf of [capacityOfTable, (each: Traffic) => capacityOfIndex(each, moves)]) {
          const [small, large] = [capacityOf(one), capacityOf(more)];
          expect(large).toEqual({ read: small.read * times, write: small.write * times });
          const longer = capacityOf({ ...one, itemBytes: one.itemBytes + 4_096 });
          expect(longer.read).toBeGreaterThan(small.read);
          expect(longer.write).toBeGreaterThan(small.write);
        }
      }),
    );
  });

  test('of an index whose key moves is twice what it writes where the key stays', () => {
    fc.assert(
      fc.property(traffic, (each) => {
        expect(capacityOfIndex(each, true).write).toBe(2 * capacityOfIndex(each, false).write);
      }),
    );
  });
});

const note = (name: string, rate: Rate | undefined) =>
  entity(name, {
    key: ['id'],
    tenant: shared,
    fields: {
      id: text({ maxLength: 10 }),
      owner: text({ maxLength: 10 }).immutable(),
      state: text({ maxLength: 10 }),
    },
    source: dynamodb({
      partitionKey: `${name}#{id}`,
      sortKey: 'ITEM#{id}',
      indexes: {
        byOwner: { partitionKey: '{owner}', sortKey: '{id}' },
        byState: { partitionKey: '{state}', sortKey: '{id}' },
      },
    }),
    ...(rate === undefined ? {} : { rate }),
  });
const catalogOf = (...rates: readonly (Rate | undefined)[]) =>
  compile(
    model(
      'notes',
      rates.map((rate, at) => note(`note${at}`, rate)),
    ),
  );
/** Items of 4 KB and a little: 5 units to write, 2 to read. */
const rate: Rate = { changesPerSecond: 10, readsPerSecond: 100, rowBytes: 4_096 };

describe('the capacity of a model', () => {
  test('is that of its entities together, by what each declares', () => {
    expect(planCapacity(catalogOf(rate, { ...rate, changesPerSecond: 20 }), 1)).toEqual({
      kind: 'planned',
      table: { read: (10 + 100) * 2 + (20 + 100) * 2, write: 30 * 5 },
      indexes: {
        byOwner: { read: 200 * 1, write: 30 * 5 },
        // The state changes: the old entry is removed, the new one written.
        byState: { read: 200 * 1, write: 30 * 5 * 2 },
      },
    });
  });

  test('is not known where an entity declares too little, which is named', () => {
    const catalog = catalogOf(rate, undefined, { changesPerSecond: 1 });

    expect(planCapacity(catalog, 1)).toEqual({ kind: 'unknown', entities: ['note1', 'note2'] });
    expect(() => billByRates(catalog, {})).toThrow(
      /declares too little of note1, note2: give each of them rate/,
    );
  });

  test('counts tenants that are busy together, and shared rows once', () => {
    const ofTenants = compile(
      model('notes', [
        {
          ...note('note', rate),
          tenant: 'owner',
          key: ['owner', 'id'],
          source: dynamodb({ partitionKey: '{owner}', sortKey: '{id}' }),
        },
      ]),
    );

    const [one, three] = [planCapacity(ofTenants, 1), planCapacity(ofTenants, 3)];
    expect(one).toMatchObject({ table: { read: 220, write: 50 } });
    expect(three).toMatchObject({ table: { read: 660, write: 150 } });
    expect(planCapacity(catalogOf(rate), 3)).toEqual(planCapacity(catalogOf(rate), 1));
  });

  test('counts of an index that holds some fields those alone, where each has a bound', () => {
    const holding = (named: readonly string[]) => {
      const { source, ...definition } = note('note', rate);
      return compile(
        model('notes', [
          {
            ...definition,
            fields: {
              ...definition.fields,
              body: text().optional(),
              title: text({ maxLength: 400 }).optional(),
            },
            source: dynamodb({
              partitionKey: 'note#{id}',
              sortKey: 'ITEM#{id}',
              indexes: { byOwner: { partitionKey: '{owner}', sortKey: '{id}', fields: named } },
            }),
          },
        ]),
      );
    };
    const plan = (named: readonly string[]) => planCapacity(holding(named), 1);

    expect(plan([])).toMatchObject({ table: { write: 50 }, indexes: { byOwner: { read: 50, write: 10 } } });
    // 2,400 bytes and their keys.
    expect(plan(['title'])).toMatchObject({ indexes: { byOwner: { read: 50, write: 30 } } });
    expect(plan(['body'])).toMatchObject({ indexes: { byOwner: { read: 100, write: 50 } } });
  });

  test('is billed so that the peak uses what it should, and a tenth of it waits', () => {
    expect(billByRates(catalogOf(rate), { targetPercent: 50 })).toEqual({
      mode: 'provisioned',
      read: { minimum: 44, maximum: 440 },
      write: { minimum: 10, maximum: 100 },
      targetPercent: 50,
      ofIndex: {
        byOwner: {
          read: { minimum: 20, maximum: 200 },
          write: { minimum: 10, maximum: 100 },
          targetPercent: 50,
        },
        byState: {
          read: { minimum: 20, maximum: 200 },
          write: { minimum: 20, maximum: 200 },
          targetPercent: 50,
        },
      },
    });
  });

  test('is known of the sample', () => {
    // Items of 1 KB or less: a read unit and a write unit each.
    expect(planCapacity(compile(flights), 1)).toMatchObject({
      kind: 'planned',
      table: { read: 56 + 100, write: 56 },
      // The entry under the old aircraft or status is removed, the new one written.
      indexes: { byAircraft: { read: 50, write: 112 }, byStatus: { read: 50, write: 112 } },
    });
  });

  test.each([{ busyTenants: 0 }, { quietPercent: 0 }, { quietPercent: 101 }, { busyTenants: Number.NaN }])(
    'is not billed with %p',
    (options) => {
      expect(() => billByRates(catalogOf(rate), options)).toThrow(/use a number above 0, and 1 to 100/);
    },
  );
});
