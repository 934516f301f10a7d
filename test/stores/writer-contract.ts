import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Row } from '../../lambda/change/change.ts';
import { positionOf } from '../../lambda/change/version.ts';
import type { Catalog } from '../../lambda/model/index.ts';
import type { SourceWriter, Store } from '../../lambda/stores/store.ts';
import { itemOf, itemRow, keyOfRow, placementOf } from './contract-model.ts';
import { rowWriter } from './row-writer.ts';
import { transactionContract } from './transaction-contract.ts';

export interface WriterHarness {
  readonly catalog: Catalog;
  readonly store: Store & { readonly writer: SourceWriter };
}

/** What every writer of a source does; run against memory and DynamoDB. */
export function writerContract(name: string, open: (clock: () => number) => Promise<WriterHarness>): void {
  describe(`the writer contract: ${name}`, () => {
    const noon = Date.parse('2013-01-01T12:00:00Z');
    let now = noon;
    let harness: WriterHarness;
    beforeAll(async () => {
      harness = await open(() => now);
    });
    afterAll(() => harness.store.close());
    const entity = () => itemOf(harness.catalog);
    const writer = () => rowWriter(harness.store.writer);
    const source = () => placementOf(harness.catalog, 'item.source');
    const read = async (rows: readonly Row[]): Promise<readonly Row[]> => {
      const keys = rows.map((row) => keyOfRow(entity(), row));
      const found = await harness.store.read({ kind: 'keys', placement: source(), keys });
      return found.map(({ row }) => row).sort((a, b) => Number(a.number) - Number(b.number));
    };
    const rowsOf = (count: number, tenant = `w-${randomUUID()}`): readonly Row[] =>
      Array.from({ length: count }, (_, index) => itemRow({ tenant, number: String(index) }));
    const oneRow = (): Row => itemRow({ tenant: `w-${randomUUID()}` });

    test('an inserted row is read back with the version that was told', async () => {
      const row = oneRow();

      const [written] = await writer().insert(entity(), [row]);

      expect(written).toMatchObject({ key: keyOfRow(entity(), row), row, before: undefined });
      expect(await read([row])).toEqual([row]);
      expect(await harness.store.versions(source(), [row])).toEqual([written?.version]);
      expect(positionOf(written?.version ?? (0n as never))).toBe(BigInt(noon) * 1000n);
    });

    test('a hundred rows are inserted as one', async () => {
      const rows = rowsOf(100);

      await writer().insert(entity(), rows);

      expect(await read(rows)).toEqual(rows);
    });

    test('more than a hundred rows are refused with the limit', async () => {
      await expect(writer().insert(entity(), rowsOf(101))).rejects.toMatchObject({
        code: 'payload_too_large',
        message: expect.stringContaining('100'),
      });
    });

    test('an insert over a row that is there names its key and writes nothing', async () => {
      const rows = rowsOf(5);
      const [, , taken = oneRow()] = rows;
      await writer().insert(entity(), [taken]);

      const insert = writer().insert(
        entity(),
        rows.map((row) => ({ ...row, note: 'second' })),
      );

      await expect(insert).rejects.toMatchObject({
        code: 'conflict',
        details: { keys: [keyOfRow(entity(), taken)] },
      });
      expect(await read(rows)).toEqual([taken]);
    });

    test('a key that comes twice in one insert is a conflict', async () => {
      const row = oneRow();

      await expect(writer().insert(entity(), [row, row])).rejects.toMatchObject({ code: 'conflict' });

      expect(await read([row])).toEqual([]);
    });

    test('of many that insert the same row at once exactly one succeeds', async () => {
      const row = oneRow();

      const outcomes = await Promise.allSettled(
        Array.from({ length: 12 }, (_, index) => writer().insert(entity(), [{ ...row, count: index }])),
      );

      const won = outcomes.flatMap((outcome, index) => (outcome.status === 'fulfilled' ? [index] : []));
      expect(won).toHaveLength(1);
      expect(await read([row])).toEqual([{ ...row, count: won[0] }]);
      for (const outcome of outcomes)
        if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ code: 'conflict' });
    });

    test('of many that insert overlapping batches at once the rows of exactly one are there', async () => {
      const rows = rowsOf(10);

      const outcomes = await Promise.allSettled(
        Array.from({ length: 6 }, (_, index) =>
          writer().insert(
            entity(),
            rows.map((row) => ({ ...row, count: index })),
          ),
        ),
      );

      expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      const counts = new Set((await read(rows)).map((row) => row.count));
      expect(counts.size).toBe(1);
    });

    test('an update sets its columns and leaves the others', async () => {
      const row = oneRow();
      await writer().insert(entity(), [row]);

      const written = await writer().update(entity(), keyOfRow(entity(), row), { count: 7, note: null });

      const after = { ...row, count: 7, note: null };
      expect(written).toMatchObject({ row: after, before: row });
      expect(await read([row])).toEqual([after]);
    });

    test('updates of the same row at once are all kept, each under a version of its own', async () => {
      const row = oneRow();
      await writer().insert(entity(), [row]);
      const sets: Row[] = [
        { count: 70 },
        { large: '71' },
        { price: '72.0000000000' },
        { ratio: 73 },
        { note: '74' },
      ];

      const written = await Promise.all(
        sets.map((set) => writer().update(entity(), keyOfRow(entity(), row), set)),
      );

      expect(await read([row])).toEqual([Object.assign({}, row, ...sets)]);
      expect(new Set(written.map((one) => one?.version)).size).toBe(sets.length);
    });

    test('a dozen writers that never pause all get through to one row', async () => {
      const row = oneRow();
      await writer().insert(entity(), [row]);
      const versions = new Set<unknown>();

      await Promise.all(
        Array.from({ length: 12 }, async (_, count) => {
          for (let turn = 0; turn < 4; turn += 1)
            versions.add((await writer().update(entity(), keyOfRow(entity(), row), { count }))?.version);
        }),
      );

      expect(versions.size).toBe(12 * 4);
    });

    test('versions rise though the clock stands still or goes back', async () => {
      const row = oneRow();
      const key = keyOfRow(entity(), row);
      const [first] = await writer().insert(entity(), [row]);
      try {
        const second = await writer().update(entity(), key, { count: 2 });
        now = noon - 60_000;
        const third = await writer().update(entity(), key, { count: 3 });
        const fourth = await writer().delete(entity(), key);
        const [fifth] = await writer().insert(entity(), [row]);

        const versions = [first, second, third, fourth, fifth].map((written) => written?.version ?? 0n);
        expect(versions.every((version, index) => index === 0 || version > (versions[index - 1] ?? 0n))).toBe(
          true,
        );
      } finally {
        now = noon;
      }
    });

    test('a deleted row is gone, keeps a version, and can be inserted again', async () => {
      const row = oneRow();
      const key = keyOfRow(entity(), row);
      await writer().insert(entity(), [row]);

      const deleted = await writer().delete(entity(), key);

      expect(deleted).toMatchObject({ key, row: undefined, before: row });
      expect(await read([row])).toEqual([]);
      expect(await harness.store.versions(source(), [row])).toEqual([deleted?.version]);

      const [again] = await writer().insert(entity(), [{ ...row, count: 2 }]);

      expect(again?.version).toBeGreaterThan(deleted?.version ?? 0n);
      expect(await read([row])).toEqual([{ ...row, count: 2 }]);
    });

    test('deleted rows among new ones are inserted as one', async () => {
      const rows = rowsOf(4);
      await writer().insert(entity(), rows.slice(0, 2));
      for (const row of rows.slice(0, 2)) await writer().delete(entity(), keyOfRow(entity(), row));

      await writer().insert(entity(), rows);

      expect(await read(rows)).toEqual(rows);
    });

    test('an update or delete of a row that is not there is undefined', async () => {
      const row = oneRow();
      const key = keyOfRow(entity(), row);

      expect(await writer().update(entity(), key, { count: 1 })).toBeUndefined();
      expect(await writer().delete(entity(), key)).toBeUndefined();

      await writer().insert(entity(), [row]);
      await writer().delete(entity(), key);

      expect(await writer().update(entity(), key, { count: 1 })).toBeUndefined();
      expect(await writer().delete(entity(), key)).toBeUndefined();
      expect(await read([row])).toEqual([]);
    });

    test.each([
      ['a key column', { label: 'x' }, 'not_supported'],
      ['an immutable column', { place: 'x' }, 'not_supported'],
      ['a column that is not there', { nothing: 1 }, 'unknown_column'],
      ['a value of another type', { count: 'many' }, 'invalid_value'],
      ['null in a column that must have a value', { state: null }, 'invalid_value'],
    ])('an update of %s is refused', async (_what, set: Row, code) => {
      const row = oneRow();
      await writer().insert(entity(), [row]);

      await expect(writer().update(entity(), keyOfRow(entity(), row), set)).rejects.toMatchObject({ code });

      expect(await read([row])).toEqual([row]);
    });

    test('a key that lacks a column is refused', async () => {
      await expect(writer().delete(entity(), { tenant: 'a' })).rejects.toMatchObject({
        code: 'invalid_value',
      });
    });

    transactionContract({
      entity,
      writer: () => harness.store.writer,
      read,
      versions: (rows) => harness.store.versions(source(), rows),
    });
  });
}
