import { describe, expect, test } from '@jest/globals';
import { createVersion } from '../../../lambda/change/version.ts';
import { homeOf, searchView } from '../../../lambda/stores/opensearch/names.ts';
import { planWrite } from '../../../lambda/stores/opensearch/write.ts';
import { viewOf } from '../../../lambda/stores/placement.ts';
import {
  contractCatalog,
  itemOf,
  itemRow,
  keyOfRow,
  placementOf,
  remove,
  upsert,
} from '../contract-model.ts';

const catalog = contractCatalog('unit');
const entity = itemOf(catalog);
const found = placementOf(catalog, 'item.found');
const logged = placementOf(catalog, 'item.logged');
const nowMs = Date.parse('2013-01-01T12:00:00Z');
const plan = (placement: typeof found, changes: Parameters<typeof planWrite>[1], at = nowMs) =>
  planWrite(
    {
      home: homeOf(`unit.item.${viewOf(placement)?.name}`, searchView(placement), undefined),
      placement,
      nowMs: at,
    },
    changes,
  );

describe('a bulk', () => {
  test('says versions as digits, all 63 bits of them', () => {
    const change = { ...upsert(entity, itemRow(), 1), version: createVersion(127, 2n ** 56n - 1n) };

    const [[item] = []] = plan(found, [change]).bulks;

    expect(item?.lines[0]).toBe(
      '{"index":{"version":9223372036854775807,"_index":"unit.item.found","_id":"acme|one|1|2013-01-01T10:15:00.000000Z","routing":"acme","require_alias":true,"version_type":"external"}}',
    );
  });

  test('is cut by the number of documents and by bytes, and loses none', () => {
    const rows = Array.from({ length: 2300 }, (_, index) =>
      itemRow({ number: String(index), label: `l${index}` }),
    );
    const large = rows.slice(0, 600).map((row) => ({ ...row, note: 'x'.repeat(20_000) }));

    const byNumber = plan(
      found,
      rows.map((row) => upsert(entity, row, 1)),
    ).bulks;
    const byBytes = plan(
      found,
      large.map((row) => upsert(entity, row, 1)),
    ).bulks;

    expect(byNumber.map(({ length }) => length)).toEqual([1000, 1000, 300]);
    expect(byBytes.flat()).toHaveLength(600);
    for (const bulk of byBytes)
      expect(bulk.reduce((sum, { bytes }) => sum + bytes, 0)).toBeLessThanOrEqual(5 * 1024 * 1024);
  });

  test('holds the bytes that it says', () => {
    const [bulk = []] = plan(found, [upsert(entity, itemRow({ note: 'Größe 👩‍👩‍👧' }), 1)]).bulks;

    const [item] = bulk;

    expect(Buffer.byteLength(`${item?.lines.join('\n')}\n`)).toBe(item?.bytes);
  });

  test('gives an id that is too long by its hash, which no row id can be', () => {
    const label = 'ü'.repeat(300);

    const [[item] = []] = plan(found, [upsert(entity, itemRow({ label }), 1)]).bulks;

    expect(item?.lines[0]).toMatch(/"_id":"\{[\w-]{43}\}"/);
  });

  test('goes to the index of the row’s day, in UTC', () => {
    const late = itemRow({ at: '2013-01-01T23:59:59.999999Z' });

    const [bulk = []] = plan(logged, [
      upsert(entity, late, 1),
      remove(entity, itemRow({ at: '2013-01-02T00:00:00.000000Z' }), 2),
    ]).bulks;

    expect(bulk.map(({ lines }) => /"_index":"([^"]*)"/.exec(lines[0])?.[1])).toEqual([
      'unit.item.logged-2013.01.01',
      'unit.item.logged-2013.01.02',
    ]);
    expect(JSON.parse(bulk[1]?.lines[1] ?? '')).toEqual({
      '@deleted': nowMs,
      '@key': JSON.stringify(keyOfRow(entity, itemRow({ at: '2013-01-02T00:00:00.000000Z' }))),
      '@version': '0000000000000000002',
      '@bucket': expect.any(Number),
    });
  });

  test('leaves out the changes of a day whose rows have all expired', () => {
    const change = upsert(entity, itemRow(), 1);
    const endOfDay = Date.parse('2013-01-02T00:00:00Z') + 36 * 3_600_000;

    const last = plan(logged, [change], endOfDay - 1);
    const over = plan(logged, [change], endOfDay);

    expect(last.bulks.flat()).toHaveLength(1);
    expect(over).toEqual({ bulks: [], rejected: [] });
  });

  test('rejects what can never be held, with the reason, and keeps the rest', () => {
    const long = upsert(entity, itemRow({ number: '1', note: 'ü'.repeat(16_384) }), 1);
    const longest = upsert(entity, itemRow({ number: '2', note: 'ü'.repeat(16_383) }), 1);
    const heavy = upsert(entity, itemRow({ number: '3', extra: 'x'.repeat(11 * 1024 * 1024) }), 1);

    const { bulks, rejected } = plan(found, [long, longest, heavy]);

    expect(bulks.flat().map(({ change }) => change)).toEqual([longest]);
    expect(rejected).toEqual([
      { change: long, reason: expect.stringContaining('note has 32768 bytes') },
      {
        change: heavy,
        reason: expect.stringMatching(/has \d+ bytes, and OpenSearch is sent 10485760 at most/),
      },
    ]);
  });
});
