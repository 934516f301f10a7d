import { describe, expect, test } from '@jest/globals';
import { types } from 'cassandra-driver';
import type { Change } from '../../../lambda/change/change.ts';
import { columnsOf, physicalTable, tableViewOf } from '../../../lambda/stores/keyspaces/schema.ts';
import { partitionText, planWrite, type WritePlan } from '../../../lambda/stores/keyspaces/write.ts';
import { contractCatalog, itemRow, placementOf, remove, upsert } from '../contract-model.ts';

const catalog = contractCatalog('writes');
const wide = placementOf(catalog, 'item.wide');
const daily = placementOf(catalog, 'item.daily');
const readings = placementOf(catalog, 'reading.byHour');
const { entity } = wide;
const nowMs = Date.parse('2013-01-01T12:00:00Z');
const dayMs = 86_400_000;

const plan = (changes: readonly Change[], placement = wide, at = nowMs): WritePlan =>
  planWrite(placement, tableViewOf(placement, physicalTable(catalog, placement)), changes, {
    keyspace: 'k',
    nowMs: at,
  });
const paramsOf = ({ batches }: WritePlan, placement = wide): Readonly<Record<string, unknown>> => {
  const params = batches[0]?.[0]?.params ?? [];
  const names = [...columnsOf(physicalTable(catalog, placement)).map(({ name }) => name), 'ttl'];
  return Object.fromEntries(names.map((name, index) => [name, params[index]]));
};

describe('writes to Keyspaces', () => {
  test('one insert a row: keys, the version as 19 digits, values as CQL takes them, no null', () => {
    const params = paramsOf(plan([upsert(entity, itemRow({ note: null }), 7)]));

    expect(params).toMatchObject({
      tenant: 'acme',
      label: 'one',
      number: 1n,
      version: '0000000000000000007',
      large: 9007199254740993n,
      image: Buffer.from('hi'),
      extra: '{"a":[1,null,"x"]}',
      note: types.unset,
      deleted: types.unset,
      ttl: 0,
    });
    expect(String(params.price)).toBe('1.5000000000');
  });

  test('batches are of one partition, 30 statements at most', () => {
    const rows = Array.from({ length: 130 }, (_, index) =>
      itemRow({ label: index % 2 === 0 ? 'even' : 'odd', number: String(index) }),
    );

    const { batches } = plan(rows.map((row) => upsert(entity, row, 1)));

    for (const batch of batches) {
      expect(batch.length).toBeLessThanOrEqual(30);
      // Tenant, label and sub-bucket.
      expect(new Set(batch.map(({ params }) => params.slice(0, 3).join('|'))).size).toBe(1);
    }
    expect(batches.flat()).toHaveLength(rows.length);
  });

  test('batches stay under a megabyte', () => {
    const rows = Array.from({ length: 5 }, (_, index) =>
      itemRow({ note: 'x'.repeat(400_000), seen_at: `2013-01-01T00:00:00.00000${index}Z` }),
    );
    const sameBucket = rows.map((row, index) => upsert(entity, { ...row, number: String(index) }, 1));

    const sizes = plan(sameBucket).batches.map((batch) => batch.length);

    expect(Math.max(...sizes)).toBeLessThanOrEqual(2);
  });

  test('places that read alike as texts are told apart', () => {
    const place = { subBucket: 0, clustering: [] };

    expect(partitionText({ ...place, partition: ['a|1', 'b'] })).not.toBe(
      partitionText({ ...place, partition: ['a', '1|b'] }),
    );
  });

  test('a tombstone lives nine days, a row that expires nine days longer than that', () => {
    const row = itemRow({ at: '2013-01-01T10:15:00.000000Z' });
    const expiry = Date.parse('2013-01-01T10:15:00Z') + 36 * 3_600_000;

    expect(paramsOf(plan([remove(entity, row, 2)]))).toMatchObject({ deleted: true, ttl: 9 * 86_400 });
    expect(paramsOf(plan([upsert(entity, row, 2)], daily), daily)).toMatchObject({
      deleted: types.unset,
      expires_ms: BigInt(expiry),
      ttl: (expiry - nowMs) / 1000 + 9 * 86_400,
    });
  });

  test('a row that has expired on arrival is a tombstone, which lives nine days from now', () => {
    const late = plan([upsert(entity, itemRow(), 2)], daily, nowMs + 5 * dayMs);

    expect(paramsOf(late, daily)).toMatchObject({ deleted: true, note: types.unset, ttl: 9 * 86_400 });
  });

  test('a row that expires beyond what Cassandra can count is not told to go', () => {
    const row = itemRow({ at: '2040-01-01T00:00:00.000000Z' });

    expect(paramsOf(plan([upsert(entity, row, 2)], daily), daily)).toMatchObject({ ttl: 0 });
  });

  test('rows that may be changed are swept below, events only when they are deleted', () => {
    const event = {
      tenant: 'a',
      reading_id: '1',
      at: '2013-01-01T10:00:00.000000Z',
      kind: 'warm',
      degrees: 1,
    };

    expect(plan([upsert(entity, itemRow(), 1)]).sweeps).toHaveLength(1);
    expect(plan([upsert(readings.entity, event, 1)], readings).sweeps).toHaveLength(0);
    expect(plan([remove(readings.entity, event, 2)], readings).sweeps).toHaveLength(1);
  });

  test.each([
    {
      what: 'a row over 1 MB',
      change: upsert(entity, itemRow({ note: 'x'.repeat(1_048_576) }), 1),
      reason: /takes about \d+ bytes; Keyspaces takes 1048576/,
    },
    {
      what: 'a partition key over 2,048 bytes',
      change: upsert(entity, itemRow({ label: 'x'.repeat(2041) }), 1),
      reason: /partition key has 2049 bytes; Keyspaces takes 2048/,
    },
    {
      what: 'a delete that does not say where the row lies',
      change: { ...remove(entity, itemRow(), 1), before: undefined },
      placement: daily,
      reason: /places rows by place, which the delete does not say/,
    },
    {
      what: 'clustering columns over 850 bytes',
      // In the daily table the label orders rows.
      change: upsert(entity, itemRow({ label: 'ü'.repeat(420) }), 1),
      placement: daily,
      reason: /clustering columns have \d+ bytes with the version; Keyspaces takes 850/,
    },
  ])('rejects $what, with the reason', ({ change, placement = wide, reason }) => {
    const { rejected, batches } = plan([change], placement);

    expect(rejected.map((each) => each.reason)).toEqual([expect.stringMatching(reason)]);
    expect(rejected[0]?.change).toBe(change);
    expect(batches).toEqual([]);
  });
});
