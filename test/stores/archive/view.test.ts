import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Change, Row } from '../../../lambda/change/change.ts';
import { createVersion } from '../../../lambda/change/version.ts';
import type { CompactionLimits } from '../../../lambda/stores/archive/compact.ts';
import { addDigests } from '../../../lambda/stores/digest.ts';
import { createMemoryStore } from '../../../lambda/stores/memory/index.ts';
import type {
  Digest,
  DigestRequest,
  HeldRow,
  Repair,
  ScanRequest,
  ViewStore,
} from '../../../lambda/stores/view-store.ts';
import { itemRow, keyOfRow } from '../contract-model.ts';
import { history, openTestArchive } from './archive-folder.ts';
import { endingAt } from './ending-at.ts';

const { entity } = history;
const clock = () => Date.parse('2013-02-01T00:00:00Z');
const always: CompactionLimits = { maxSmallFiles: 1, smallBytes: 1e9, inputBytes: 1e9 };
const rowOf = (number: number, day: number, note: string): Row =>
  itemRow({
    number: String(number),
    at: `2013-01-0${day}T10:15:00.000000Z`,
    note,
    // Keys that a cursor has to tell apart by more than their first column.
    label: number % 2 === 0 ? 'one' : 'oné|{',
  });
const changeOf = (
  [number, day, position]: readonly [number, number, number],
  kind: 'upsert' | 'delete',
  salt = '',
): Change => {
  const row = rowOf(number, day, `${position}${salt}`);
  const common = {
    entity: entity.name,
    key: keyOfRow(entity, row),
    version: createVersion(2, BigInt(position)),
  };
  return kind === 'upsert' ? { kind, ...common, row } : { kind, ...common, before: row };
};

const place = fc.tuple(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 3 }));
const position = fc.integer({ min: 1, max: 9 });
/** Equal versions carry equal content: a version is even of an upsert and odd of a delete. */
const change = fc
  .tuple(place, position)
  .map(([[number, day], at]) => changeOf([number, day, at], at % 3 === 0 ? 'delete' : 'upsert'));
const batches = fc.array(fc.array(change, { minLength: 1, maxLength: 8 }), { minLength: 1, maxLength: 5 });

const byText = (rows: readonly HeldRow[]) =>
  rows.map(({ version, ...row }) => JSON.stringify({ ...row, version: String(version) })).sort();
async function scanAll(store: ViewStore, request: Partial<ScanRequest> = {}): Promise<readonly HeldRow[]> {
  const rows: HeldRow[] = [];
  let after: string | undefined;
  do {
    const page = await store.scan({ placement: history, limit: 1000, ...request, after });
    rows.push(...page.rows);
    after = page.next;
  } while (after !== undefined);
  return rows;
}
async function digestAll(store: ViewStore, request: Partial<DigestRequest>) {
  const sum = new Map<number, Digest>();
  let after: string | undefined;
  do {
    const page = await store.digest({
      ...{ placement: history, buckets: 16, only: undefined, versions: true, limit: 2 },
      ...request,
      after,
    });
    addDigests(sum, page.digests);
    after = page.next;
  } while (after !== undefined);
  return new Map([...sum].sort(([a], [b]) => a - b));
}
const inPlaces = (rows: readonly HeldRow[]) =>
  new Set(rows.map(({ key, place: at }) => JSON.stringify([key, at])));

test('a view in the archive is looked through page by page, each key once in each of its days, as in the reference', async () => {
  await fc.assert(
    fc.asyncProperty(batches, fc.integer({ min: 1, max: 7 }), fc.boolean(), async (work, limit, merged) => {
      const archive = openTestArchive().open({ clock, ...(merged && { compaction: always }) });
      const memory = createMemoryStore({ clock });
      for (const batch of work) {
        await archive.apply(history, batch);
        await memory.apply(history, batch);
      }

      const rows = await scanAll(archive, { limit });

      expect(byText(rows)).toEqual(byText(await scanAll(memory)));
      expect(inPlaces(rows).size).toBe(rows.length);
      const buckets = { of: 4, only: new Set([1, 2]) };
      expect(byText(await scanAll(archive, { limit, buckets }))).toEqual(
        byText(await scanAll(memory, { buckets })),
      );
      for (const versions of [true, false])
        expect(await digestAll(archive, { versions })).toEqual(await digestAll(memory, { versions }));
    }),
    { numRuns: 15 },
  );
});

test('what a scan and a digest read is told in bytes', async () => {
  const archive = openTestArchive().open();
  await archive.apply(history, [changeOf([1, 1, 1], 'upsert')]);

  const [scanned, digested] = [
    await archive.scan({ placement: history, after: undefined, limit: 9 }),
    await archive.digest({
      ...{ placement: history, buckets: 4, only: undefined, versions: true },
      ...{ after: undefined, limit: 9 },
    }),
  ];

  expect(scanned.bytes).toBeGreaterThan(1000);
  expect(digested.bytes).toBe(scanned.bytes);
});

test.each(['', '{}', '[]', '["today"]', '["2013-01-01",1]', '["2013-01-01",null,1,1,1]'])(
  'a page does not go on behind %j, which no page gave',
  async (after) => {
    const archive = openTestArchive().open();

    await expect(archive.scan({ placement: history, after, limit: 1 })).rejects.toMatchObject({
      code: 'invalid_request',
      message: expect.stringMatching(/no.*where a page of item\.history ended.*'next'/),
    });
  },
);

describe('a repair', () => {
  /** What was compared is what is there or, now and then, something else. */
  const repair = fc.record({
    at: place,
    to: fc.integer({ min: 0, max: 12 }),
    kind: fc.constantFrom('upsert' as const, 'delete' as const),
    held: fc.oneof(
      { weight: 4, arbitrary: fc.constant('as it is' as const) },
      { weight: 1, arbitrary: position },
    ),
  });

  test('puts what is right in the place of exactly what was compared, at a higher, an equal or a lower version, as in the reference', async () => {
    await fc.assert(
      fc.asyncProperty(
        batches,
        fc.uniqueArray(repair, { minLength: 1, maxLength: 6, selector: ({ at }) => at.join() }),
        fc.boolean(),
        async (work, wanted, merged) => {
          const archive = openTestArchive().open({ clock, ...(merged && { compaction: always }) });
          const memory = createMemoryStore({ clock });
          for (const batch of work) {
            await archive.apply(history, batch);
            await memory.apply(history, batch);
          }
          const heldBefore = new Map(
            (await scanAll(memory)).map(({ key, place: at, version }) => [
              JSON.stringify([key, at]),
              version,
            ]),
          );
          const repairs = wanted.map(({ at: [number, day], to, kind, held }): Repair => {
            const right = changeOf([number, day, to], kind, ' repaired');
            const there = heldBefore.get(JSON.stringify([right.key, `["2013-01-0${day}"]`]));
            return { change: right, held: held === 'as it is' ? there : createVersion(2, BigInt(held)) };
          });

          const result = await archive.repair(history, repairs);

          expect(result).toEqual(await memory.repair(history, repairs));
          expect(byText(await scanAll(archive))).toEqual(byText(await scanAll(memory)));
        },
      ),
      { numRuns: 25 },
    );
  });

  test('leaves what came meanwhile, and the log applied again does not undo it', async () => {
    const archive = openTestArchive().open();
    const wrong = changeOf([1, 1, 8], 'upsert', ' never happened');
    const log = [changeOf([1, 1, 2], 'upsert'), changeOf([1, 1, 4], 'upsert')];
    await archive.apply(history, [...log, wrong]);

    await archive.repair(history, [{ change: changeOf([1, 1, 4], 'upsert'), held: wrong.version }]);
    for (const each of log) await archive.apply(history, [each]);
    await archive.apply(history, [changeOf([1, 1, 5], 'upsert')]);

    expect(await scanAll(archive)).toEqual([
      expect.objectContaining({ version: createVersion(2, 5n), row: rowOf(1, 1, '5') }),
    ]);
  });

  test('that stops at any step loses no row, and the next comparison and repair end it', async () => {
    const right = changeOf([1, 1, 4], 'upsert');
    const wrong = changeOf([1, 1, 8], 'upsert', ' never happened');
    const beside = changeOf([2, 1, 3], 'upsert');
    const fill = async () => {
      const archive = openTestArchive();
      await archive.open().apply(history, [right, wrong, beside]);
      return archive;
    };
    const whole = endingAt(Number.POSITIVE_INFINITY);
    await (await fill()).open({ wrap: whole.wrap }).repair(history, [{ change: right, held: wrong.version }]);
    expect(whole.steps()).toBeGreaterThan(5);
    for (let step = 1; step <= whole.steps(); step += 1) {
      const archive = await fill();
      await archive
        .open({ wrap: endingAt(step).wrap })
        .repair(history, [{ change: right, held: wrong.version }])
        .catch(() => undefined);

      // The lease of one who died ends by itself.
      const later = archive.open({ clock: () => clock() + 600_000 });
      const first = (await scanAll(later)).find(({ key }) => key.number === '1');
      if (first?.version !== right.version)
        await later.repair(history, [{ change: right, held: first?.version }]);
      // In the order of the keys.
      expect((await scanAll(later)).map(({ version }) => version)).toEqual([beside.version, right.version]);
    }
  });

  test('does not say where its row lies: refused, with what is missing', async () => {
    const archive = openTestArchive().open();
    const { entity: name, key, version } = changeOf([1, 1, 1], 'delete');
    const { at: _, ...less } = key;

    await expect(
      archive.repair(history, [
        { change: { kind: 'delete', entity: name, key: less, version }, held: undefined },
      ]),
    ).rejects.toMatchObject({ code: 'invalid_request', message: expect.stringMatching(/day of at/) });
  });
});

describe('how far a view in the archive has got', () => {
  const span = fc.record({
    partition: fc.integer({ min: 0, max: 1 }),
    from: fc.bigInt({ min: 0n, max: 20n }),
    length: fc.bigInt({ min: 0n, max: 6n }),
  });

  test('is kept as in the reference: on and never back, and what would hide a gap is told', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(span, { maxLength: 4 }), { maxLength: 8 }), async (calls) => {
        const archive = openTestArchive().open();
        const memory = createMemoryStore({ clock });
        for (const call of calls) {
          const spans = call.map(({ partition, from, length }) => ({
            ...{ placement: history, topic: entity.topic, partition, from, to: from + length },
          }));
          const gaps = (await archive.saveProgress(spans)).gaps;
          expect(new Set(gaps)).toEqual(new Set((await memory.saveProgress(spans)).gaps));
        }

        const kept = await archive.readProgress([history]);

        const plain = kept.map(({ from: _, ...rest }) => rest);
        expect(plain).toEqual(
          [...(await memory.readProgress([history]))].sort((a, b) => a.partition - b.partition),
        );
      }),
      { numRuns: 30 },
    );
  });

  test('is the furthest of what many writers say at once, from where the first one began', async () => {
    const archive = openTestArchive();
    const stores = Array.from({ length: 4 }, () => archive.open());
    await stores[0]?.saveProgress([{ placement: history, topic: 't', partition: 0, from: 5n, to: 6n }]);

    await Promise.all(
      Array.from({ length: 24 }, (_, at) =>
        stores[at % 4]?.saveProgress([
          { placement: history, topic: 't', partition: 0, from: 5n, to: BigInt(7 + at) },
        ]),
      ),
    );

    expect(await archive.open().readProgress([history])).toEqual([
      { placement: history, topic: 't', partition: 0, from: 5n, offset: 30n },
    ]);
  });
});

test('the archive has one build, and says what to do in place of another', async () => {
  const archive = openTestArchive().open();

  expect(await archive.builds(history)).toEqual([{ number: 1, state: 'active' }]);
  await expect(archive.beginBuild(history)).rejects.toMatchObject({
    code: 'not_supported',
    message: expect.stringMatching(/item\.history is the archive.*verify --repair/),
  });
  await expect(archive.dropBuild({ ...history, build: 1 })).rejects.toMatchObject({ code: 'conflict' });
});
